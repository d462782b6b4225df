#pragma once
// When to stop asking, and how long to wait before asking again. Plain arithmetic: time and randomness are arguments.

#include <cstdint>
#include <mutex>

namespace concord::etcd {

/// Waits that double from `least_ms` to `most_ms`, each with jitter: between half of it and all of it.
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
/// for a time. Then one is let through; its success closes the breaker, its failure opens it for longer. Any thread.
class CircuitBreaker {
 public:
  struct Options {
    std::int64_t failures = 5;
    std::int64_t least_ms = 250;
    std::int64_t most_ms = 2000;
  };
  explicit CircuitBreaker(Options options) : options_(options), backoff_(options.least_ms, options.most_ms) {}

  /// Whether a call may be made now. One that may is answered for with `succeeded` or `failed`.
  bool admit(std::int64_t now_ns);
  void succeeded();
  void failed(std::int64_t now_ns, std::uint64_t random);
  bool open() const;

 private:
  const Options options_;
  mutable std::mutex mutex_;
  Backoff backoff_;                 // guarded by mutex_
  std::int64_t failures_ = 0;       // guarded by mutex_; in a row
  std::int64_t open_until_ns_ = 0;  // guarded by mutex_
  bool trying_ = false;             // guarded by mutex_; the one call that may close an open breaker is under way
};

}  // namespace concord::etcd
