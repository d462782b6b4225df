#include "guard/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace concord::guard {

namespace {

constexpr double kMinuteNs = 60e9;
constexpr std::size_t kParts = 16;
constexpr std::size_t kFewKeys = 1024;  // not worth parts: each would forget by itself
constexpr char kText = 'k';

/// How many are taken before the hub's bucket is told.
std::int64_t batch_of(std::int64_t burst) { return std::clamp<std::int64_t>(burst / 20, 1, 100); }

std::int64_t seconds_to_fill(double missing, double per_minute) {
  return static_cast<std::int64_t>(std::ceil(missing / per_minute * 60));
}

}  // namespace

RateLimiter::RateLimiter(Clock& clock, std::int64_t per_minute, std::size_t max_keys)
    : clock_(clock), per_minute_(per_minute) {
  const std::size_t parts = max_keys < kFewKeys ? 1 : kParts;
  parts_.reserve(parts);
  for (std::size_t i = 0; i < parts; ++i) parts_.push_back(std::make_unique<Part>(max_keys / parts));
}

RateLimiter::Taken RateLimiter::take(const Key& key) { return take(key, per_minute_); }

RateLimiter::Taken RateLimiter::take(const Key& key, std::int64_t per_minute) {
  return take(key, per_minute, per_minute);
}

void RateLimiter::share(SharedBuckets& buckets, std::string name) {
  shared_ = &buckets;
  name_ = std::move(name);
}

RateLimiter::Taken RateLimiter::take(const Key& key, std::int64_t per_minute, std::int64_t burst) {
  Telling telling;
  const Taken taken = take_here(key, per_minute, burst, telling);
  if (telling.tokens > 0) tell(telling);  // not under the lock
  return taken;
}

RateLimiter::Taken RateLimiter::take_here(const Key& key, std::int64_t per_minute, std::int64_t burst,
                                          Telling& telling) {
  const auto rate = static_cast<double>(per_minute);
  const auto capacity = static_cast<double>(burst);
  const std::int64_t now_ns = clock_.monotonic_ns();
  Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  Bucket& bucket = part.buckets.touch(key, {.filled = capacity, .at_ns = now_ns});
  // Another thread may have read the clock later and come here first.
  const auto passed = static_cast<double>(std::max<std::int64_t>(now_ns - bucket.at_ns, 0));
  bucket.filled = std::min(capacity, bucket.filled + passed * rate / kMinuteNs);
  bucket.at_ns = std::max(bucket.at_ns, now_ns);
  if (bucket.filled >= 1) {
    bucket.filled -= 1;
    if (shared_ != nullptr && ++bucket.untold >= batch_of(burst) && !bucket.telling) {
      bucket.telling = true;
      telling = {key, std::exchange(bucket.untold, 0), {per_minute, burst}};
    }
    return {.remaining = static_cast<std::int64_t>(bucket.filled),
            .reset_s = seconds_to_fill(capacity - bucket.filled, rate)};
  }
  Taken refused{.allowed = false, .reset_s = std::max<std::int64_t>(1, seconds_to_fill(1 - bucket.filled, rate))};
  refused.worth_telling = bucket.told_ns == 0 || now_ns - bucket.told_ns >= static_cast<std::int64_t>(kMinuteNs);
  if (refused.worth_telling) bucket.told_ns = std::max<std::int64_t>(now_ns, 1);
  return refused;
}

void RateLimiter::tell(const Telling& telling) {
  std::string bucket = "rate/" + name_ + "/" + to_text(telling.key);
  shared_->took(std::move(bucket), telling.tokens, telling.filling,
                [this, telling](std::optional<std::int64_t> left) { told(telling, left); });
}

void RateLimiter::told(const Telling& telling, std::optional<std::int64_t> left) {
  Part& part = part_of(telling.key);
  const std::lock_guard lock(part.mutex);
  Bucket* const bucket = part.buckets.find(telling.key);
  if (bucket == nullptr) return;  // forgotten meanwhile
  bucket->telling = false;
  if (left) {
    bucket->filled = static_cast<double>(std::min(*left - bucket->untold, telling.filling.burst));
    bucket->at_ns = clock_.monotonic_ns();
  } else {
    bucket->untold += telling.tokens;
  }
}

std::optional<std::int64_t> RateLimiter::try_take(std::string_view key) { return try_take(key, per_minute_); }

std::optional<std::int64_t> RateLimiter::try_take(std::string_view key, std::int64_t per_minute) {
  if (per_minute == 0) return std::nullopt;
  const Taken taken = take(text_key_of(kText, key), per_minute);
  if (taken.allowed) return std::nullopt;
  return taken.reset_s;
}

std::size_t RateLimiter::keys() const {
  std::size_t all = 0;
  for (const auto& part : parts_) {
    const std::lock_guard lock(part->mutex);
    all += part->buckets.size();
  }
  return all;
}

}  // namespace concord::guard
