#include "app/restart_policy.h"

#include <gtest/gtest.h>

namespace concord::app {
namespace {

constexpr std::uint64_t kFullWait = ~std::uint64_t{0};

TEST(RestartPolicy, waits_longer_each_time_and_then_gives_up) {
  RestartPolicy policy({.most = 4, .within_ms = 1000, .least_delay_ms = 10, .most_delay_ms = 50});
  std::int64_t before = 0;
  for (int i = 0; i < 4; ++i) {
    const auto delay = policy.died(i, kFullWait);
    ASSERT_TRUE(delay) << i;
    EXPECT_GE(*delay, before);
    EXPECT_LE(*delay, 50);
    before = *delay;
  }
  EXPECT_FALSE(policy.died(999, kFullWait));
}

TEST(RestartPolicy, deaths_far_apart_go_on_for_ever) {
  RestartPolicy policy({.most = 2, .within_ms = 1000, .least_delay_ms = 10, .most_delay_ms = 50});
  const auto first = policy.died(0, kFullWait);
  for (std::int64_t now_ms = 1000; now_ms < 100'000; now_ms += 1000) EXPECT_EQ(policy.died(now_ms, kFullWait), first);
}

TEST(RestartPolicy, counts_what_lies_within_the_time_alone) {
  RestartPolicy policy({.most = 2, .within_ms = 1000, .least_delay_ms = 10, .most_delay_ms = 50});
  EXPECT_TRUE(policy.died(0, 0));
  EXPECT_TRUE(policy.died(900, 0));
  EXPECT_TRUE(policy.died(1000, 0));
  EXPECT_FALSE(policy.died(1899, 0));
  EXPECT_TRUE(policy.died(1900, 0));
}

}  // namespace
}  // namespace concord::app
