#include "guard/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/clock_testing.h"

namespace concord::guard {
namespace {

using concord::testing::ManualClock;

TEST(RateLimiter, allows_a_burst_and_then_the_rate) {
  ManualClock clock;
  RateLimiter limiter(clock, 60, 100);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt) << i;
  EXPECT_EQ(limiter.try_take("a"), 1);
  EXPECT_EQ(limiter.try_take("b"), std::nullopt);
  clock.advance_ms(2000);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("a"), 1);
  clock.advance_ms(3'600'000);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt) << i;
  EXPECT_EQ(limiter.try_take("a"), 1);
}

TEST(RateLimiter, says_how_long_to_wait) {
  ManualClock clock;
  RateLimiter limiter(clock, 2, 100);
  limiter.try_take("a");
  limiter.try_take("a");
  EXPECT_EQ(limiter.try_take("a"), 30);
  clock.advance_ms(20'500);
  EXPECT_EQ(limiter.try_take("a"), 10);
  clock.advance_ms(9'500);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
}

TEST(RateLimiter, is_not_moved_by_the_wall_clock) {
  ManualClock clock;
  RateLimiter limiter(clock, 1, 100);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  clock.set_wall_ms(clock.wall_ms() + 3'600'000);
  EXPECT_EQ(limiter.try_take("a"), 60);
}

TEST(RateLimiter, forgets_the_key_that_was_idle_longest) {
  ManualClock clock;
  RateLimiter limiter(clock, 1, 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(limiter.try_take(key), std::nullopt);
  EXPECT_NE(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("d"), std::nullopt);
  EXPECT_EQ(limiter.keys(), 3U);
  EXPECT_NE(limiter.try_take("a"), std::nullopt);  // still known
  EXPECT_EQ(limiter.try_take("b"), std::nullopt);  // was forgotten
}

TEST(RateLimiter, without_limit_remembers_nobody) {
  ManualClock clock;
  RateLimiter limiter(clock, 0, 3);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.keys(), 0U);
}

TEST(RateLimiter, gives_no_more_than_the_rate_to_many_threads) {
  ManualClock clock;
  RateLimiter limiter(clock, 100, 3);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) taken += limiter.try_take("a") ? 0 : 1;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace concord::guard
