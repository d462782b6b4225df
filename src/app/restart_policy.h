#pragma once
// Whether and when a program that has died is started again: soon the first time, later each time it dies soon again,
// and no more once it dies all the time. Plain arithmetic: time is an argument.

#include <cstdint>
#include <deque>
#include <optional>

#include "base/circuit_breaker.h"

namespace concord::app {

class RestartPolicy {
 public:
  struct Options {
    std::size_t most = 5;  // starts anew within `within_ms`; one more is not made
    std::int64_t within_ms = 60'000;
    std::int64_t least_delay_ms = 100;
    std::int64_t most_delay_ms = 5000;
  };
  explicit RestartPolicy(Options options);

  /// It has died at `now_ms`, which does not go back. How long to wait before it is started again; nullopt: not again.
  std::optional<std::int64_t> died(std::int64_t now_ms, std::uint64_t random);
  const Options& options() const { return options_; }

 private:
  Options options_;
  Backoff delay_;
  std::deque<std::int64_t> deaths_ms_;  // within the time
};

}  // namespace concord::app
