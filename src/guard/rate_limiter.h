#pragma once
// Token buckets in memory, one a key: bursts up to the rate of a minute, then evenly. Bounded: the key that
// was idle longest is forgotten first. In parts, each under its own lock, so that reactors hardly ever meet. Any
// thread.
//
// In a hub of several nodes each takes from a bucket of its own, which is set to what the hub's has left whenever a
// twentieth of a burst was taken here (`share`). So all nodes together allow the rate and its burst, and at most a
// twentieth of a burst more for each further node, besides what is taken while the bus is asked.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/recent_map.h"
#include "guard/shared_buckets.h"

namespace concord::guard {

class RateLimiter {
 public:
  /// `per_minute` 0: without limit.
  RateLimiter(Clock& clock, std::int64_t per_minute, std::size_t max_keys);

  /// From now on the buckets are the hub's, under this name. Before the first is taken from; `buckets` is closed before
  /// this ends.
  void share(SharedBuckets& buckets, std::string name);

  /// What became of one request.
  struct Taken {
    bool allowed = true;
    std::int64_t remaining = 0;  // that could follow at once
    std::int64_t reset_s = 0;    // until the bucket is full again; where refused, until it has one (at least 1)
    bool worth_telling = false;  // refused, for the first time in a minute
  };
  Taken take(const Key& key);
  /// The same at a rate of the key's own, above 0.
  Taken take(const Key& key, std::int64_t per_minute);
  /// The same with a bucket that holds `burst`, at least 1.
  Taken take(const Key& key, std::int64_t per_minute, std::int64_t burst);

  /// Takes one from the key's bucket; where it is empty, the seconds (at least 1) until it has one again.
  std::optional<std::int64_t> try_take(std::string_view key);
  std::optional<std::int64_t> try_take(std::string_view key, std::int64_t per_minute);

  std::int64_t per_minute() const { return per_minute_; }
  std::size_t keys() const;

 private:
  struct Bucket {
    double filled = 0;
    std::int64_t at_ns = 0;
    std::int64_t told_ns = 0;  // 0: never
    std::int64_t untold = 0;   // taken here, and the hub's bucket does not know
    bool telling = false;      // it is being told
  };
  struct alignas(64) Part {
    explicit Part(std::size_t most) : buckets(most) {}
    mutable std::mutex mutex;
    RecentMap<Bucket> buckets;
  };

  struct Telling {
    Key key;
    std::int64_t tokens = 0;  // 0: nothing is to be told
    engines::Bus::Filling filling;
  };
  Taken take_here(const Key& key, std::int64_t per_minute, std::int64_t burst, Telling& telling);
  void tell(const Telling& telling);
  void told(const Telling& telling, std::optional<std::int64_t> left);
  Part& part_of(const Key& key) { return *parts_[(KeyHash()(key) >> 32U) % parts_.size()]; }

  Clock& clock_;
  const std::int64_t per_minute_;
  SharedBuckets* shared_ = nullptr;
  std::string name_;
  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace concord::guard
