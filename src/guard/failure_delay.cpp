#include "guard/failure_delay.h"

#include <algorithm>

namespace concord::guard {

std::int64_t FailureDelay::delay_ms(std::int64_t failures) const {
  if (failures <= rule_.free) return 0;
  const std::int64_t doublings = std::min<std::int64_t>(failures - rule_.free - 1, 40);
  if (rule_.first_ms > rule_.most_ms >> doublings) return rule_.most_ms;
  return rule_.first_ms << doublings;
}

FailureDelay::Failures* FailureDelay::find(const Key& key, std::int64_t now_ms) {
  Failures* known = failures_.find(key);
  if (known == nullptr || now_ms - known->last_ms < rule_.forget_ms) return known;
  failures_.erase(key);
  return nullptr;
}

std::optional<std::int64_t> FailureDelay::wait_ms(const Key& key, std::int64_t now_ms) {
  const Failures* known = find(key, now_ms);
  if (known == nullptr || now_ms >= known->not_before_ms) return std::nullopt;
  return known->not_before_ms - now_ms;
}

void FailureDelay::begin(const Key& key, std::int64_t now_ms) {
  Failures* known = find(key, now_ms);
  if (known == nullptr || known->count < rule_.free) return;
  known->not_before_ms = std::max(known->not_before_ms, now_ms + delay_ms(known->count + 1));
}

void FailureDelay::failed(const Key& key, std::int64_t now_ms) {
  if (rule_.most_ms == 0) return;
  (void)find(key, now_ms);  // what is too old does not count
  Failures& known = failures_.touch(key, {});
  ++known.count;
  known.last_ms = now_ms;
  known.not_before_ms = std::max(known.not_before_ms, now_ms + delay_ms(known.count));
}

void FailureDelay::forgive(const Key& key, std::int64_t failures) {
  Failures* known = failures_.find(key);
  if (known == nullptr) return;
  if (known->count <= failures) return failures_.erase(key);
  known->count -= failures;
  if (known->count <= rule_.free) known->not_before_ms = 0;
}

std::int64_t FailureDelay::failures(const Key& key, std::int64_t now_ms) {
  const Failures* known = find(key, now_ms);
  return known == nullptr ? 0 : known->count;
}

}  // namespace concord::guard
