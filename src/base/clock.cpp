#include "base/clock.h"

#include <sys/random.h>

#include <algorithm>
#include <cassert>
#include <cstdio>

namespace concord {

std::int64_t SystemClock::wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::monotonic_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

std::uint64_t SystemIdSource::random64() {
  std::uint64_t value = 0;
  // At most 256 bytes are never cut short (getrandom(2)); only a signal before the first seeding can interrupt.
  while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

HybridTime HybridClock::now() {
  const auto wall = static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.wall_ms(), 0)) << 16U;
  last_.value = std::max(last_.value + 1, wall);
  return last_;
}

void HybridClock::observe(HybridTime seen) { last_ = std::max(last_, seen); }

std::string format_time(std::int64_t wall_ms) {
  using namespace std::chrono;
  constexpr std::int64_t kYear0 = -62'167'219'200'000;     // 0000-01-01T00:00:00.000Z
  constexpr std::int64_t kYear9999 = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
  const sys_time<milliseconds> time{milliseconds{std::clamp(wall_ms, kYear0, kYear9999)}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto in_day = (time - day).count();
  std::string out(24, '\0');
  const int written = std::snprintf(
      out.data(), out.size() + 1, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(in_day / 3'600'000),
      static_cast<int>(in_day / 60'000 % 60), static_cast<int>(in_day / 1000 % 60), static_cast<int>(in_day % 1000));
  assert(written == 24);
  (void)written;
  return out;
}

}  // namespace concord
