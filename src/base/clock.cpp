#include "base/clock.h"

#include <sys/random.h>

#include <algorithm>
#include <cassert>
#include <charconv>
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

std::optional<std::int64_t> parse_time(std::string_view text, int without_fraction) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() || !text.ends_with('Z')) return std::nullopt;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
  const auto number = [&text](std::size_t at, std::size_t digits) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
  };
  using namespace std::chrono;
  const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return std::nullopt;
  std::int64_t ms = without_fraction;
  if (const std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
      !fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 4) return std::nullopt;
    if (!std::ranges::all_of(fraction.substr(1), is_digit)) return std::nullopt;
    ms = 0;
    for (std::size_t i = 1; i <= 3; ++i) ms = 10 * ms + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  return ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60'000 + number(17, 2) * 1000LL + ms;
}

}  // namespace concord
