#include "s3/retry.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord::s3 {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;

TEST(Backoff, the_longest_wait_doubles_up_to_its_bound_and_the_shortest_is_none) {
  const std::int64_t longest[] = {50, 100, 200, 400, 500, 500, 500};
  for (std::int64_t failed = 1; failed <= 7; ++failed) {
    EXPECT_EQ(backoff_ms(failed, 50, 500, 0), 0);
    EXPECT_EQ(backoff_ms(failed, 50, 500, 0.999999), longest[failed - 1]);
  }
  EXPECT_EQ(backoff_ms(1'000'000, 1, 600'000, 0.9999999), 600'000);
}

TEST(CircuitBreaker, opens_after_so_many_failures_in_a_row) {
  CircuitBreaker breaker({.failures = 3, .open_ms = 100, .max_open_ms = 1000});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(breaker.admit(0));
    breaker.failed(0, 0);
    EXPECT_TRUE(breaker.admit(0));
    breaker.failed(0, 0);
    EXPECT_TRUE(breaker.admit(0));
    breaker.succeeded();
  }
  for (int i = 0; i < 3; ++i) breaker.failed(0, 0);
  EXPECT_FALSE(breaker.admit(0));
  EXPECT_FALSE(breaker.admit(99));
  EXPECT_EQ(breaker.wait_ms(40), 60);
}

TEST(CircuitBreaker, one_attempt_tries_and_its_success_closes) {
  CircuitBreaker breaker({.failures = 1, .open_ms = 100, .max_open_ms = 1000});
  breaker.failed(0, 0);
  EXPECT_TRUE(breaker.admit(100));
  EXPECT_FALSE(breaker.admit(100));
  EXPECT_FALSE(breaker.closed());
  breaker.succeeded();
  EXPECT_TRUE(breaker.closed());
  EXPECT_TRUE(breaker.admit(100));
  EXPECT_EQ(breaker.wait_ms(100), 0);
}

TEST(CircuitBreaker, each_try_that_fails_keeps_it_open_for_twice_as_long) {
  CircuitBreaker breaker({.failures = 1, .open_ms = 100, .max_open_ms = 300});
  std::int64_t now = 0;
  for (const std::int64_t expected : {100, 200, 300, 300}) {
    breaker.failed(now, 0);
    EXPECT_EQ(breaker.wait_ms(now), expected);
    now += expected;
    ASSERT_TRUE(breaker.admit(now));
  }
  breaker.succeeded();
  breaker.failed(now, 0);
  EXPECT_EQ(breaker.wait_ms(now), 100);
}

TEST(CircuitBreaker, attempts_from_before_it_opened_do_not_keep_it_open_longer) {
  CircuitBreaker breaker({.failures = 2, .open_ms = 100, .max_open_ms = 1000});
  for (int i = 0; i < 20; ++i) breaker.failed(i, 0);
  EXPECT_EQ(breaker.wait_ms(20), 81);
}

TEST(CircuitBreaker, never_refuses_for_longer_than_its_bound_and_admits_one_at_a_time) {
  for_each_seed(200, [](Random& random) {
    const CircuitBreaker::Limits limits{.failures = static_cast<std::int64_t>(pick(random, 1, 4)),
                                        .open_ms = static_cast<std::int64_t>(pick(random, 1, 50)),
                                        .max_open_ms = static_cast<std::int64_t>(pick(random, 50, 200))};
    CircuitBreaker breaker(limits);
    std::int64_t now = 0;
    for (int i = 0; i < 300; ++i) {
      now += static_cast<std::int64_t>(pick(random, 0, 60));
      EXPECT_LE(breaker.wait_ms(now), limits.max_open_ms);
      const bool was_closed = breaker.closed();
      const bool expected = breaker.wait_ms(now) == 0;
      const bool admitted = breaker.admit(now);
      EXPECT_EQ(admitted, expected);
      if (!admitted) continue;
      if (!was_closed) EXPECT_FALSE(breaker.admit(now));
      pick(random, 0, 2) == 0 ? breaker.succeeded()
                              : breaker.failed(now, static_cast<double>(pick(random, 0, 99)) / 100);
    }
  });
}

}  // namespace
}  // namespace concord::s3
