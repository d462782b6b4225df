#include "redis/circuit_breaker.h"

namespace concord::redis {

bool CircuitBreaker::allow(std::int64_t now_ms) {
  if (state_ == State::kClosed) return true;
  // Half open, the one that was let through is still out; should it never say how it went, another follows it.
  if (now_ms < open_until_ms_) return false;
  state_ = State::kHalfOpen;
  open_until_ms_ = now_ms + open_for_.next_ms(0);
  return true;
}

void CircuitBreaker::succeeded() {
  state_ = State::kClosed;
  failures_ = 0;
  open_for_.reset();
}

void CircuitBreaker::failed(std::int64_t now_ms, std::uint64_t random) {
  ++failures_;
  if (state_ == State::kClosed && failures_ < most_failures_) return;
  if (state_ == State::kOpen) return;  // of a call that went out before
  open_until_ms_ = now_ms + open_for_.next_ms(random);
  state_ = State::kOpen;
}

}  // namespace concord::redis
