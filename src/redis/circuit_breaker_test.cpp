#include "redis/circuit_breaker.h"

#include <gtest/gtest.h>

namespace concord::redis {
namespace {

using State = CircuitBreaker::State;

TEST(Backoff, doubles_up_to_its_most_and_draws_from_the_upper_half) {
  Backoff backoff(100, 350);
  EXPECT_EQ(backoff.next_ms(0), 100);
  EXPECT_EQ(backoff.next_ms(100), 100);  // 200, less the most that is drawn
  EXPECT_EQ(backoff.next_ms(175), 175);  // of 350, as of all that follow
  EXPECT_EQ(backoff.next_ms(0), 350);
  backoff.reset();
  for (std::uint64_t random = 0; random < 1000; ++random) {
    Backoff one(100, 350);
    const std::int64_t ms = one.next_ms(random);
    EXPECT_GE(ms, 50);
    EXPECT_LE(ms, 100);
  }
  EXPECT_EQ(backoff.next_ms(0), 100);
}

TEST(CircuitBreaker, opens_after_failures_in_a_row) {
  CircuitBreaker breaker(3, 1'000);
  for (int i = 0; i < 2; ++i) breaker.failed(0, 0);
  breaker.succeeded();
  for (int i = 0; i < 2; ++i) breaker.failed(0, 0);
  EXPECT_TRUE(breaker.allow(0));
  breaker.failed(0, 0);
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_FALSE(breaker.allow(0));
  EXPECT_FALSE(breaker.allow(999));
}

TEST(CircuitBreaker, lets_one_through_to_see) {
  CircuitBreaker breaker(1, 1'000);
  breaker.failed(0, 0);
  EXPECT_TRUE(breaker.allow(1'000));
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  EXPECT_FALSE(breaker.allow(1'001)) << "one at a time";
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_TRUE(breaker.allow(1'002));
}

TEST(CircuitBreaker, stays_open_longer_each_time_it_fails_again) {
  CircuitBreaker breaker(1, 1'000);
  breaker.failed(0, 0);
  std::int64_t now_ms = 0;
  std::int64_t last_ms = 0;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t opened_ms = now_ms;
    while (!breaker.allow(now_ms)) ++now_ms;
    EXPECT_GT(now_ms - opened_ms, last_ms);
    last_ms = now_ms - opened_ms;
    breaker.failed(now_ms, 0);
    EXPECT_EQ(breaker.state(), State::kOpen);
  }
}

TEST(CircuitBreaker, another_follows_one_that_never_says_how_it_went) {
  CircuitBreaker breaker(1, 1'000);
  breaker.failed(0, 0);
  ASSERT_TRUE(breaker.allow(1'000));
  EXPECT_FALSE(breaker.allow(1'500));
  EXPECT_TRUE(breaker.allow(100'000));
}

}  // namespace
}  // namespace concord::redis
