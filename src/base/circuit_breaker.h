#pragma once
// When to stop asking an engine that does not answer, and how long to wait before asking again. Plain arithmetic: time
// and randomness are arguments.

#include <cstdint>
#include <mutex>

namespace concord {

/// Waits that double from `least_ms` to `most_ms`, each with jitter: between half of it and all of it, so that many do
/// not come back together.
class Backoff {
 public:
  Backoff(std::int64_t least_ms, std::int64_t most_ms) : least_ms_(least_ms), most_ms_(most_ms), next_ms_(least_ms) {}

  std::int64_t next_ms(std::uint64_t random);
  void reset() { next_ms_ = least_ms_; }

 private:
  std::int64_t least_ms_;
  std::int64_t most_ms_;
  std::int64_t next_ms_;
};

/// Refuses calls to an engine that is away. Closed: all go through. Open, after so many failures in a row: none does,
/// for a time that doubles with each opening in a row. Then one tries; its success closes the breaker, its failure
/// opens it again, and where it never says how it went another follows. Any thread.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kTrying, kOpen };
  struct Options {
    std::int64_t failures = 5;
    std::int64_t least_ms = 250;
    std::int64_t most_ms = 5000;
  };
  explicit CircuitBreaker(Options options) : options_(options), open_for_(options.least_ms, options.most_ms) {}

  /// Whether a call may be made now. One that may is answered for with `succeeded` or `failed`.
  bool admit(std::int64_t now_ns);
  /// 0 where `admit` would hold; otherwise how long until it may.
  std::int64_t wait_ms(std::int64_t now_ns) const;
  void succeeded();
  void failed(std::int64_t now_ns, std::uint64_t random);
  State state() const;

 private:
  const Options options_;
  mutable std::mutex mutex_;
  Backoff open_for_;              // guarded by mutex_
  State state_ = State::kClosed;  // guarded by mutex_
  std::int64_t failures_ = 0;     // guarded by mutex_; in a row
  std::int64_t again_at_ns_ = 0;  // guarded by mutex_; when open: then one may try
};

}  // namespace concord
