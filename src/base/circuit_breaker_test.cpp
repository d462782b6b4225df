#include "base/circuit_breaker.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord {
namespace {

using State = CircuitBreaker::State;

constexpr std::int64_t kMs = 1'000'000;

TEST(Backoff, waits_double_up_to_the_most_and_each_has_jitter) {
  concord::testing::for_each_seed(100, [](concord::testing::Random& random) {
    Backoff backoff(50, 1000);
    for (const std::int64_t most : {50, 100, 200, 400, 800, 1000, 1000}) {
      const std::int64_t wait = backoff.next_ms(random());
      EXPECT_GE(wait, most / 2);
      EXPECT_LE(wait, most);
    }
    backoff.reset();
    EXPECT_LE(backoff.next_ms(random()), 50);
  });
}

TEST(CircuitBreaker, after_failures_in_a_row_calls_are_refused_for_a_time) {
  CircuitBreaker breaker({.failures = 3, .least_ms = 100, .most_ms = 400});
  for (int i = 0; i < 2; ++i) breaker.failed(0, 0);
  breaker.succeeded();
  for (int i = 0; i < 2; ++i) breaker.failed(0, 0);
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_EQ(breaker.wait_ms(0), 0);
  EXPECT_TRUE(breaker.admit(0));
  breaker.failed(0, 0);
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_EQ(breaker.wait_ms(0), 50);
  EXPECT_EQ(breaker.wait_ms(49 * kMs + 1), 1);
  EXPECT_FALSE(breaker.admit(0));
  EXPECT_FALSE(breaker.admit(49 * kMs));
  EXPECT_TRUE(breaker.admit(100 * kMs));
}

TEST(CircuitBreaker, one_call_tries_whether_it_closes) {
  CircuitBreaker breaker({.failures = 1, .least_ms = 100, .most_ms = 400});
  breaker.failed(0, 0);
  ASSERT_TRUE(breaker.admit(100 * kMs));
  EXPECT_FALSE(breaker.admit(100 * kMs)) << "while one is trying";
  EXPECT_EQ(breaker.state(), State::kTrying);
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_TRUE(breaker.admit(100 * kMs));
  EXPECT_TRUE(breaker.admit(100 * kMs));
}

TEST(CircuitBreaker, a_try_that_fails_opens_it_for_longer) {
  CircuitBreaker breaker({.failures = 1, .least_ms = 100, .most_ms = 400});
  std::int64_t now = 0;
  breaker.failed(now, 0);
  for (const std::int64_t least_ms : {50, 100, 200, 200}) {
    EXPECT_FALSE(breaker.admit(now + (least_ms - 1) * kMs));
    now += least_ms * kMs;
    ASSERT_TRUE(breaker.admit(now));
    breaker.failed(now, 0);
  }
}

TEST(CircuitBreaker, calls_that_were_under_way_when_it_opened_do_not_prolong_it) {
  CircuitBreaker breaker({.failures = 1, .least_ms = 100, .most_ms = 400});
  breaker.failed(0, 0);
  for (int i = 0; i < 10; ++i) breaker.failed(10 * kMs, 0);
  EXPECT_TRUE(breaker.admit(50 * kMs));
}

TEST(CircuitBreaker, another_follows_a_try_that_never_says_how_it_went) {
  CircuitBreaker breaker({.failures = 1, .least_ms = 100, .most_ms = 400});
  breaker.failed(0, 0);
  ASSERT_TRUE(breaker.admit(100 * kMs));
  EXPECT_FALSE(breaker.admit(499 * kMs));
  EXPECT_TRUE(breaker.admit(500 * kMs));
}

}  // namespace
}  // namespace concord
