#pragma once
// Token buckets in memory, one a key: bursts up to the rate of a minute, then evenly. Bounded: the key that
// was idle longest is forgotten first. It guards this process alone; a hub of several nodes allows the rate
// on each. Any thread.

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace concord::identity {

class RateLimiter {
 public:
  /// `per_minute` 0: without limit.
  RateLimiter(Clock& clock, std::int64_t per_minute, std::size_t max_keys);

  /// Takes one from the key's bucket; where it is empty, the seconds (at least 1) until it has one again.
  std::optional<std::int64_t> try_take(std::string_view key);
  /// The same at a rate of the key's own.
  std::optional<std::int64_t> try_take(std::string_view key, std::int64_t per_minute);
  std::size_t keys() const;

 private:
  struct Bucket {
    std::string key;
    double filled;
    std::int64_t at_ns;
  };
  Bucket& touch(std::string_view key, double capacity, std::int64_t now_ns);

  Clock& clock_;
  const std::int64_t per_minute_;
  const std::size_t max_keys_;
  mutable std::mutex mutex_;
  std::list<Bucket> buckets_;                                                // the latest used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> index_;  // views of the buckets' keys
};

/// The key of a client's address: an IPv4 address, or the /64 that an IPv6 address is in (one household's or
/// host's share).
std::string address_key(std::string_view address);

}  // namespace concord::identity
