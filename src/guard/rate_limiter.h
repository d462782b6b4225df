#pragma once
// Token buckets in memory, one a key: bursts up to the rate of a minute, then evenly. Bounded: the key that
// was idle longest is forgotten first. It guards this process alone; a hub of several nodes allows the rate
// on each. In parts, each under its own lock, so that reactors hardly ever meet. Any thread.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/recent_map.h"

namespace concord::guard {

class RateLimiter {
 public:
  /// `per_minute` 0: without limit.
  RateLimiter(Clock& clock, std::int64_t per_minute, std::size_t max_keys);

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
  };
  struct alignas(64) Part {
    explicit Part(std::size_t most) : buckets(most) {}
    mutable std::mutex mutex;
    RecentMap<Bucket> buckets;
  };

  Clock& clock_;
  const std::int64_t per_minute_;
  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace concord::guard
