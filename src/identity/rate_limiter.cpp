#include "identity/rate_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"

namespace concord::identity {

namespace {
constexpr double kMinuteNs = 60e9;
}

RateLimiter::RateLimiter(Clock& clock, std::int64_t per_minute, std::size_t max_keys)
    : clock_(clock), per_minute_(per_minute), max_keys_(std::max<std::size_t>(max_keys, 1)) {}

RateLimiter::Bucket& RateLimiter::touch(std::string_view key, double capacity, std::int64_t now_ns) {
  if (const auto known = index_.find(key); known != index_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    Bucket& bucket = buckets_.front();
    bucket.filled =
        std::min(capacity, bucket.filled + static_cast<double>(now_ns - bucket.at_ns) * capacity / kMinuteNs);
    bucket.at_ns = now_ns;
    return bucket;
  }
  if (buckets_.size() == max_keys_) {
    index_.erase(buckets_.back().key);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string(key), capacity, now_ns});
  index_.emplace(buckets_.front().key, buckets_.begin());
  return buckets_.front();
}

std::optional<std::int64_t> RateLimiter::try_take(std::string_view key) { return try_take(key, per_minute_); }

std::optional<std::int64_t> RateLimiter::try_take(std::string_view key, std::int64_t per_minute) {
  if (per_minute == 0) return std::nullopt;
  const auto capacity = static_cast<double>(per_minute);
  const std::int64_t now_ns = clock_.monotonic_ns();
  const std::lock_guard lock(mutex_);
  Bucket& bucket = touch(key, capacity, now_ns);
  if (bucket.filled >= 1) {
    bucket.filled -= 1;
    return std::nullopt;
  }
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil((1 - bucket.filled) / capacity * 60)));
}

std::size_t RateLimiter::keys() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

std::string address_key(std::string_view address) {
  std::string text(address);
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // ::ffff:a.b.c.d
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    std::array<char, INET_ADDRSTRLEN> v4{};
    return ::inet_ntop(AF_INET, bytes.data() + 12, v4.data(), v4.size());
  }
  return to_hex(ByteView(bytes).first(8)) + "/64";
}

}  // namespace concord::identity
