#pragma once
// When an attempt is made again, and when none is made. Deterministic: time and chance are arguments. One thread.

#include <cstdint>

namespace concord::s3 {

/// How long to wait before attempt `failed` + 1: exponential with full jitter (AWS Architecture Blog, "Exponential
/// Backoff And Jitter"). `chance` is evenly from [0, 1).
std::int64_t backoff_ms(std::int64_t failed, std::int64_t first_ms, std::int64_t most_ms, double chance);

/// Keeps calls off an engine that does not answer. Closed it lets all attempts through; so many failures in a row open
/// it for a time, then a single attempt tries: where that fails it is open for twice as long, up to a bound.
class CircuitBreaker {
 public:
  struct Limits {
    std::int64_t failures = 10;
    std::int64_t open_ms = 1000;
    std::int64_t max_open_ms = 15'000;
  };
  explicit CircuitBreaker(Limits limits) : limits_(limits) {}

  bool closed() const { return state_ == State::kClosed; }
  /// Whether an attempt may be made now; where it may, the caller tells how it ended.
  bool admit(std::int64_t now_ms);
  /// 0 where admit would hold; otherwise how long until it may.
  std::int64_t wait_ms(std::int64_t now_ms) const;
  void succeeded();
  /// `chance` (from [0, 1)) spreads the tries of many nodes over the last quarter of the time.
  void failed(std::int64_t now_ms, double chance);

 private:
  enum class State : std::uint8_t { kClosed, kOpen, kTrying };

  Limits limits_;
  State state_ = State::kClosed;
  std::int64_t failures_ = 0;  // in a row
  std::int64_t openings_ = 0;  // in a row
  std::int64_t until_ms_ = 0;  // where open or trying: when to try (again)
};

}  // namespace concord::s3
