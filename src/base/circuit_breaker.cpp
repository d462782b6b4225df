#include "base/circuit_breaker.h"

#include <algorithm>

namespace concord {

std::int64_t Backoff::next_ms(std::uint64_t random) {
  const std::int64_t most = next_ms_;
  next_ms_ = next_ms_ > most_ms_ / 2 ? most_ms_ : next_ms_ * 2;
  const std::int64_t least = most / 2;
  return least + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most - least + 1));
}

bool CircuitBreaker::admit(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kClosed) return true;
  if (now_ns < again_at_ns_) return false;
  state_ = State::kTrying;
  again_at_ns_ = now_ns + options_.most_ms * 1'000'000;
  return true;
}

std::int64_t CircuitBreaker::wait_ms(std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  return state_ == State::kClosed ? 0 : std::max<std::int64_t>(0, (again_at_ns_ - now_ns + 999'999) / 1'000'000);
}

void CircuitBreaker::succeeded() {
  const std::lock_guard lock(mutex_);
  state_ = State::kClosed;
  failures_ = 0;
  open_for_.reset();
}

void CircuitBreaker::failed(std::int64_t now_ns, std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen) return;  // of a call that was under way when it opened
  if (state_ == State::kClosed && ++failures_ < options_.failures) return;
  state_ = State::kOpen;
  again_at_ns_ = now_ns + open_for_.next_ms(random) * 1'000'000;
}

CircuitBreaker::State CircuitBreaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace concord
