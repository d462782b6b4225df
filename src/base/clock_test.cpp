#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"

namespace concord {
namespace {

TEST(HybridClock, follows_the_wall_clock_while_it_moves_on) {
  testing::ManualClock wall(1000);
  HybridClock clock(wall);
  EXPECT_EQ(clock.now().wall_ms(), 1000);
  wall.advance_ms(5);
  EXPECT_EQ(clock.now().wall_ms(), 1005);
}

TEST(HybridClock, is_strictly_increasing_and_after_all_it_has_seen_whatever_the_wall_clocks_do) {
  testing::for_each_seed(300, [](testing::Random& random) {
    testing::ManualClock walls[2] = {testing::ManualClock(50'000), testing::ManualClock(50'000)};
    HybridClock clocks[2] = {HybridClock(walls[0]), HybridClock(walls[1])};
    HybridTime last[2];
    for (int step = 0; step < 400; ++step) {
      const std::size_t node = testing::pick(random, 0, 1);
      const std::int64_t ms = walls[node].wall_ms();
      switch (testing::pick(random, 0, 3)) {
        case 0:
          walls[node].set_wall_ms(std::max<std::int64_t>(0, ms + static_cast<std::int64_t>(random() % 2000) - 1000));
          break;
        case 1:
          clocks[node].observe(last[1 - node]);
          last[node] = std::max(last[node], last[1 - node]);
          break;
        default: {
          const HybridTime now = clocks[node].now();
          ASSERT_GT(now, last[node]);
          ASSERT_GE(now.wall_ms(), walls[node].wall_ms());
          last[node] = now;
        }
      }
    }
  });
}

TEST(HybridClock, a_full_counter_carries_into_the_milliseconds) {
  testing::ManualClock wall(7);
  HybridClock clock(wall);
  HybridTime time = clock.now();
  for (int i = 0; i < 70'000; ++i) {
    const HybridTime next = clock.now();
    ASSERT_GT(next, time);
    time = next;
  }
  EXPECT_EQ(time.wall_ms(), 8);
}

TEST(SystemClock, reads_a_plausible_wall_clock_and_a_monotonic_one) {
  SystemClock clock;
  EXPECT_GT(clock.wall_ms(), 1'700'000'000'000);
  const std::int64_t first = clock.monotonic_ns();
  EXPECT_GE(clock.monotonic_ns(), first);
}

TEST(FormatTime, is_rfc_3339_in_utc_with_milliseconds) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(1'795'176'000'007), "2026-11-20T12:00:00.007Z");
  EXPECT_EQ(format_time(951'827'696'789), "2000-02-29T12:34:56.789Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999Z");
}

TEST(FormatTime, is_clamped_to_years_of_four_digits) {
  EXPECT_EQ(format_time(INT64_MAX), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(INT64_MIN), "0000-01-01T00:00:00.000Z");
}

TEST(Time, is_read_as_it_is_written) {
  for (const std::int64_t ms : {0L, 1'795'176'000'007L, 951'827'696'789L, -1L, 253'402'300'799'999L})
    EXPECT_EQ(parse_time(format_time(ms)), ms);
  EXPECT_EQ(parse_time("2026-11-20T12:00:00Z"), 1'795'176'000'000);
  EXPECT_EQ(parse_time("2026-11-20T12:00:00Z", 999), 1'795'176'000'999);
  EXPECT_EQ(parse_time("2026-11-20T12:00:00.5Z", 999), 1'795'176'000'500);
  for (const char* bad : {"", "Z", "2026-11-20", "2026-11-20T12:00:00", "2026-02-30T12:00:00Z", "2026-11-20T24:00:00Z",
                          "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00.1234Z", "2026-11-20T12:00:00+01:00",
                          "2026-11-20 12:00:00Z", "+026-11-20T12:00:00Z"})
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace concord
