#include "guard/failure_delay.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "base/property_testing.h"
#include "guard/sign_in_delays.h"

namespace concord::guard {
namespace {

using concord::testing::ManualClock;
using concord::testing::pick;
using concord::testing::Random;

const Key kOne = text_key_of('k', "one");
constexpr DelayRule kRule{.free = 2, .first_ms = 1000, .most_ms = 10'000, .forget_ms = 100'000};

TEST(FailureDelay, doubles_up_to_its_bound_and_ends_with_a_success) {
  FailureDelay delay(kRule, 10);
  std::vector<std::int64_t> waits;
  std::int64_t now = 0;
  for (int i = 0; i < 8; ++i) {
    delay.begin(kOne, now);
    delay.failed(kOne, now);
    waits.push_back(delay.wait_ms(kOne, now).value_or(0));
    now += waits.back();
    EXPECT_EQ(delay.wait_ms(kOne, now), std::nullopt);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 0, 1000, 2000, 4000, 8000, 10'000, 10'000}));
  delay.failed(kOne, now);
  delay.forgive(kOne);
  EXPECT_EQ(delay.wait_ms(kOne, now), std::nullopt);
  EXPECT_EQ(delay.failures(kOne, now), 0);
}

TEST(FailureDelay, one_of_many_tries_at_once_gets_by) {
  FailureDelay delay(kRule, 10);
  for (int i = 0; i < 2; ++i) delay.failed(kOne, 0);
  EXPECT_EQ(delay.wait_ms(kOne, 0), std::nullopt);
  delay.begin(kOne, 0);
  EXPECT_EQ(delay.wait_ms(kOne, 0), 1000);
  delay.failed(kOne, 5);
  EXPECT_EQ(delay.wait_ms(kOne, 5), 1000);
}

TEST(FailureDelay, forgets_in_time_and_beyond_its_bound) {
  FailureDelay delay(kRule, 2);
  for (int i = 0; i < 5; ++i) delay.failed(kOne, 0);
  EXPECT_EQ(delay.failures(kOne, 99'999), 5);
  EXPECT_EQ(delay.failures(kOne, 100'000), 0);
  for (int i = 0; i < 100; ++i) delay.failed(text_key_of('k', std::to_string(i)), 0);
  EXPECT_EQ(delay.size(), 2U);
}

/// However tries and time are mixed: nobody waits longer than the bound, and in any stretch of time no more tries are
/// let by than the free ones and one for each delay.
TEST(FailureDelay, bounds_both_sides) {
  concord::testing::for_each_seed(200, [](Random& random) {
    const DelayRule rule{.free = static_cast<std::int64_t>(pick(random, 0, 8)),
                         .first_ms = static_cast<std::int64_t>(pick(random, 1, 5000)),
                         .most_ms = static_cast<std::int64_t>(pick(random, 1, 100'000)),
                         .forget_ms = 1'000'000'000};
    FailureDelay delay(rule, 4);
    std::int64_t now = 0, let_by = 0, least_ms = 0, grown_ms = rule.first_ms;
    for (int i = 0; i < 200; ++i) {
      now += static_cast<std::int64_t>(pick(random, 0, static_cast<std::uint64_t>(rule.most_ms) / 4));
      const auto wait = delay.wait_ms(kOne, now);
      if (wait) EXPECT_LE(*wait, rule.most_ms);
      if (wait) continue;
      delay.begin(kOne, now);
      delay.failed(kOne, now);
      if (++let_by <= rule.free) continue;
      EXPECT_GE(now, least_ms);  // when all the delays before it had passed
      least_ms += std::min(grown_ms, rule.most_ms);
      grown_ms = std::min(grown_ms * 2, rule.most_ms);
    }
    EXPECT_GT(let_by, rule.free);
  });
}

class SignInDelaysTest : public ::testing::Test {
 protected:
  bool fails(std::string_view account, std::string_view address) {
    if (delays_.begin(account, address)) return false;
    delays_.failed(account, address);
    return true;
  }
  int failing(int tries, std::string_view account, std::string_view address) {
    int made = 0;
    for (int i = 0; i < tries; ++i) made += fails(account, address) ? 1 : 0;
    return made;
  }

  ManualClock clock_;
  SignInDelays delays_{clock_, 900, 1000};
};

TEST_F(SignInDelaysTest, who_guesses_at_an_account_waits_and_others_do_not) {
  EXPECT_EQ(failing(20, "a", "192.0.2.1"), 6);
  EXPECT_EQ(delays_.begin("a", "192.0.2.1"), 1);
  EXPECT_EQ(delays_.begin("b", "192.0.2.1"), std::nullopt);
  EXPECT_EQ(delays_.begin("a", "192.0.2.2"), std::nullopt);
}

TEST_F(SignInDelaysTest, who_tries_many_accounts_waits) {
  int made = 0;
  for (int i = 0; i < 100; ++i) made += fails("account " + std::to_string(i), "2001:db8::" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(made, 21);
  EXPECT_EQ(delays_.begin("new", "2001:db8::ffff"), 1);
  EXPECT_EQ(delays_.begin("new", "2001:db8:0:1::1"), std::nullopt);
}

TEST_F(SignInDelaysTest, signing_in_to_an_own_account_frees_nobody_from_failures_at_others) {
  for (int i = 0; i < 21; ++i) fails("account " + std::to_string(i), "192.0.2.1");
  EXPECT_EQ(delays_.begin("own", "192.0.2.1"), 1);
  clock_.advance_ms(1000);
  EXPECT_EQ(delays_.begin("own", "192.0.2.1"), std::nullopt);
  delays_.succeeded("own", "192.0.2.1");
  EXPECT_NE(delays_.begin("another", "192.0.2.1"), std::nullopt);
}

TEST_F(SignInDelaysTest, a_success_takes_back_what_was_failed_there) {
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(failing(5, "a", "192.0.2.1"), 5) << round;
    EXPECT_EQ(delays_.begin("a", "192.0.2.1"), std::nullopt) << round;
    delays_.succeeded("a", "192.0.2.1");
  }
}

TEST_F(SignInDelaysTest, the_user_gets_in_from_a_familiar_place_however_many_try) {
  delays_.seen("a", "192.0.2.1");
  for (int i = 0; i < 2000; ++i) {
    fails("a", "198.51.100." + std::to_string(i % 250));
    clock_.advance_ms(500);
    ASSERT_EQ(delays_.begin("a", "192.0.2.1"), std::nullopt) << i;
  }
  const auto stranger = delays_.begin("a", "203.0.113.1");
  ASSERT_TRUE(stranger);
  EXPECT_LE(*stranger, 30);
  clock_.advance_ms(30LL * 24 * 3600 * 1000);
  EXPECT_FALSE(delays_.is_familiar("a", "192.0.2.1"));
}

TEST_F(SignInDelaysTest, many_addresses_at_one_account_share_a_delay) {
  int made = 0;
  for (int i = 0; i < 200; ++i) made += fails("a", "198.51.100." + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(made, 21);
}

}  // namespace
}  // namespace concord::guard
