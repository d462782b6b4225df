#include "s3/retry.h"

#include <algorithm>

namespace concord::s3 {
namespace {

/// `first` doubled `times` times, at most `most`.
std::int64_t doubled(std::int64_t first, std::int64_t times, std::int64_t most) {
  std::int64_t value = std::min(first, most);
  for (std::int64_t i = 0; i < times && value < most; ++i) value = std::min(value * 2, most);
  return value;
}

}  // namespace

std::int64_t backoff_ms(std::int64_t failed, std::int64_t first_ms, std::int64_t most_ms, double chance) {
  const std::int64_t longest = doubled(first_ms, failed - 1, most_ms);
  return static_cast<std::int64_t>(chance * static_cast<double>(longest + 1));
}

bool CircuitBreaker::admit(std::int64_t now_ms) {
  if (state_ == State::kClosed) return true;
  if (now_ms < until_ms_) return false;
  // One attempt at a time; another where that one is not heard of within the longest time.
  state_ = State::kTrying;
  until_ms_ = now_ms + limits_.max_open_ms;
  return true;
}

std::int64_t CircuitBreaker::wait_ms(std::int64_t now_ms) const {
  return state_ == State::kClosed ? 0 : std::max<std::int64_t>(0, until_ms_ - now_ms);
}

void CircuitBreaker::succeeded() {
  state_ = State::kClosed;
  failures_ = 0;
  openings_ = 0;
}

void CircuitBreaker::failed(std::int64_t now_ms, double chance) {
  if (state_ == State::kOpen) return;  // an attempt from before
  if (state_ == State::kClosed && ++failures_ < limits_.failures) return;
  const std::int64_t time = doubled(limits_.open_ms, openings_, limits_.max_open_ms);
  state_ = State::kOpen;
  ++openings_;
  failures_ = 0;
  until_ms_ = now_ms + time - static_cast<std::int64_t>(chance * static_cast<double>(time) / 4);
}

}  // namespace concord::s3
