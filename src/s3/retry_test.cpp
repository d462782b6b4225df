#include "s3/retry.h"

#include <gtest/gtest.h>

namespace concord::s3 {
namespace {

TEST(Backoff, the_longest_wait_doubles_up_to_its_bound_and_the_shortest_is_none) {
  const std::int64_t longest[] = {50, 100, 200, 400, 500, 500, 500};
  for (std::int64_t failed = 1; failed <= 7; ++failed) {
    EXPECT_EQ(backoff_ms(failed, 50, 500, 0), 0);
    EXPECT_EQ(backoff_ms(failed, 50, 500, 0.999999), longest[failed - 1]);
  }
  EXPECT_EQ(backoff_ms(1'000'000, 1, 600'000, 0.9999999), 600'000);
}

}  // namespace
}  // namespace concord::s3
