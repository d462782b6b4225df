#include "base/timer_clock.h"

namespace concord {

namespace {
thread_local const std::chrono::nanoseconds* simulated = nullptr;
}  // namespace

TimerClock::time_point TimerClock::now() noexcept {
  if (simulated != nullptr) [[unlikely]]
    return time_point(*simulated);
  return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

void TimerClock::simulate(const std::chrono::nanoseconds* now) noexcept { simulated = now; }

}  // namespace concord
