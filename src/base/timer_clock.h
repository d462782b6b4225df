#pragma once
// The clock that the timers of reactors follow. A simulation, which runs reactors on its own thread, puts its time in
// the clock's place there.

#include <chrono>

namespace concord {

/// The machine's monotonic clock, unless the calling thread is a simulation's.
struct TimerClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<TimerClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
  /// From now on this thread reads its time from there; null: from the machine.
  static void simulate(const std::chrono::nanoseconds* now) noexcept;
};

}  // namespace concord
