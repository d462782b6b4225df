#pragma once
// Spares a server that does not answer, and who would wait for it: after some failures in a row its calls are answered
// at once with a failure, and from time to time one is let through to see. And how long to wait between attempts. The
// time is the caller's, in milliseconds of a clock that never goes back; random numbers too. One thread at a time.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace concord::redis {

/// Waits that double, each drawn from the upper half of its length, so that many do not come back together.
class Backoff {
 public:
  Backoff(std::int64_t least_ms, std::int64_t most_ms) : least_ms_(least_ms), most_ms_(most_ms), next_ms_(least_ms) {}

  std::int64_t next_ms(std::uint64_t random) {
    const std::int64_t whole = next_ms_;
    next_ms_ = std::min(most_ms_, next_ms_ * 2);
    return whole - static_cast<std::int64_t>(random % static_cast<std::uint64_t>(whole / 2 + 1));
  }
  void reset() { next_ms_ = least_ms_; }

 private:
  std::int64_t least_ms_;
  std::int64_t most_ms_;
  std::int64_t next_ms_;
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kHalfOpen, kOpen };

  CircuitBreaker(std::size_t failures, std::int64_t open_ms)
      : most_failures_(failures), open_for_(open_ms, open_ms * kMostTimes) {}

  /// Whether a call may go out now. Who was let through says how it went.
  bool allow(std::int64_t now_ms);
  void succeeded();
  void failed(std::int64_t now_ms, std::uint64_t random);
  State state() const { return state_; }

 private:
  static constexpr std::int64_t kMostTimes = 16;

  std::size_t most_failures_;
  Backoff open_for_;
  State state_ = State::kClosed;
  std::size_t failures_ = 0;  // in a row
  std::int64_t open_until_ms_ = 0;
};

}  // namespace concord::redis
