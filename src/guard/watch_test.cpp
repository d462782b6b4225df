#include "guard/watch.h"

#include <gtest/gtest.h>

#include <set>

#include "base/clock_testing.h"
#include "base/property_testing.h"

namespace concord::guard {
namespace {

using concord::testing::ManualClock;
using concord::testing::pick;
using concord::testing::Random;

Key key(std::uint64_t n) { return text_key_of('k', std::to_string(n)); }

TEST(DistinctCounts, tells_of_many_different_things_once) {
  DistinctCounts counts({.least = 3, .within_ms = 1000}, 10);
  EXPECT_FALSE(counts.add(key(1), key(10), 0));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(counts.add(key(1), key(11), i));
  EXPECT_FALSE(counts.add(key(2), key(12), 20));
  EXPECT_TRUE(counts.add(key(1), key(12), 30));
  EXPECT_FALSE(counts.add(key(1), key(13), 31));  // counting has begun anew
  EXPECT_FALSE(counts.add(key(1), key(14), 1030));
  EXPECT_FALSE(counts.add(key(1), key(15), 1031));  // and its time was over
  DistinctCounts none({.least = 0, .within_ms = 1000}, 10);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_FALSE(none.add(key(1), key(i), 0));
}

/// Held against sets that forget nothing else: told exactly where the window's set reaches the number.
TEST(DistinctCounts, agrees_with_sets) {
  concord::testing::for_each_seed(100, [](Random& random) {
    const ThreatRule rule{static_cast<std::int64_t>(pick(random, 1, 12)),
                          static_cast<std::int64_t>(pick(random, 1, 2000))};
    DistinctCounts counts(rule, 100);
    std::map<std::uint64_t, std::pair<std::int64_t, std::set<std::uint64_t>>> model;
    std::int64_t now = 0;
    for (int i = 0; i < 500; ++i) {
      now += static_cast<std::int64_t>(pick(random, 0, 60));
      const std::uint64_t who = pick(random, 0, 3), thing = pick(random, 0, 20);
      const auto [at, fresh] = model.try_emplace(who, now, std::set<std::uint64_t>());
      auto& [began, things] = at->second;
      if (now - began >= rule.within_ms) {
        began = now;
        things.clear();
      }
      const bool reaches = things.insert(thing).second && static_cast<std::int64_t>(things.size()) >= rule.least;
      EXPECT_EQ(counts.add(key(who), key(1000 + thing), now), reaches);
      if (reaches) model.erase(at);
    }
  });
}

TEST(Locks, hold_until_their_end_and_are_bounded) {
  ManualClock clock;
  concord::testing::SeededIdSource ids(clock);
  Locks locks;
  const auto lock = [&ids](std::uint64_t who, std::int64_t until_ms) {
    return Lock{.id = LockId::make(ids, Slot{}), .kind = LockKind::kReading, .key = key(who), .until_ms = until_ms};
  };
  locks.add(lock(1, 100));
  locks.add(lock(2, 50));
  EXPECT_NE(locks.find(LockKind::kReading, key(1), 99), nullptr);
  EXPECT_EQ(locks.find(LockKind::kReading, key(1), 100), nullptr);
  EXPECT_EQ(locks.find(LockKind::kAsking, key(1), 0), nullptr);
  ASSERT_EQ(locks.list(0).size(), 2U);
  EXPECT_EQ(locks.list(0)[0].until_ms, 50);
  EXPECT_EQ(locks.list(50).size(), 1U);
  const LockId second = locks.list(0)[0].id;
  EXPECT_FALSE(locks.remove(second, 50));
  EXPECT_TRUE(locks.remove(second, 49));
  EXPECT_FALSE(locks.remove(second, 49));
  locks.add(lock(1, 200));  // in the place of the first
  EXPECT_EQ(locks.size(), 1U);
  for (std::uint64_t i = 10; i < 10 + Locks::kMost; ++i) locks.add(lock(i, 1000));
  EXPECT_EQ(locks.size(), Locks::kMost);
  EXPECT_EQ(locks.find(LockKind::kReading, key(1), 0), nullptr);  // ended first
  locks.forget_ended(1000);
  EXPECT_EQ(locks.size(), 0U);
}

class WatchTest : public ::testing::Test {
 protected:
  static net::Route route(std::string pattern, net::Rate rate = net::Rate::kCaller) {
    return {.method = "GET", .pattern = std::move(pattern), .handler = {}, .rate = rate};
  }
  Caller user(std::uint64_t n) {
    concord::testing::SeededIdSource ids(clock_, n);
    return {.user = UserId::make(ids, Slot{}), .who = nullptr};
  }

  ManualClock clock_;
  concord::testing::SeededIdSource ids_{clock_};
  Metrics metrics_;
  std::vector<Threat> told_;
  Watch watch_{{.failures_per_10_minutes = 3, .reads_per_hour = 4, .misses_per_10_minutes = 5, .lock_minutes = 15},
               {clock_, ids_, metrics_, [](const net::Route& r) { return r.pattern == "/documents/{id}"; },
                [this](const Threat& threat) { told_.push_back(threat); }}};
  const net::Route sign_in_ = route("/auth/login", net::Rate::kSignIn);
  const net::Route document_ = route("/documents/{id}");
  const net::Route folder_ = route("/folders/{id}");
  const net::Route list_ = route("/documents");
};

TEST_F(WatchTest, spraying_locks_the_address_out_of_signing_in) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(watch_.refusal(sign_in_, "2001:db8::9", std::nullopt));
    watch_.sign_in_failed("account " + std::to_string(i), "", "2001:db8::" + std::to_string(i));
  }
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].kind, ThreatKind::kSpraying);
  const auto refused = watch_.refusal(sign_in_, "2001:db8::9", std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Code::kRateLimited);
  EXPECT_EQ(refused->context[1].second, "901");
  EXPECT_FALSE(watch_.refusal(sign_in_, "2001:db8:0:1::9", std::nullopt));
  EXPECT_FALSE(watch_.refusal(list_, "2001:db8::9", std::nullopt));
  clock_.advance_ms(15 * 60'000);
  EXPECT_FALSE(watch_.refusal(sign_in_, "2001:db8::9", std::nullopt));
  EXPECT_TRUE(watch_.locks().empty());
}

TEST_F(WatchTest, stuffing_closes_the_account_until_somebody_ends_it) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(watch_.locked_account_s("a"));
    watch_.sign_in_failed("a", "usr_a", "192.0.2." + std::to_string(i));
  }
  EXPECT_EQ(watch_.locked_account_s("a"), 901);
  EXPECT_FALSE(watch_.locked_account_s("b"));
  ASSERT_EQ(watch_.locks().size(), 1U);
  EXPECT_EQ(watch_.locks()[0].subject, "usr_a");
  EXPECT_TRUE(watch_.unlock(watch_.locks()[0].id));
  EXPECT_FALSE(watch_.locked_account_s("a"));
}

TEST_F(WatchTest, who_reads_much_is_kept_from_reading_and_from_nothing_else) {
  const Caller ada = user(7), ben = user(8);
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 3; ++k) {
      EXPECT_FALSE(watch_.refusal(document_, "192.0.2.1", ada)) << i;
      watch_.answered(document_, 200, "doc " + std::to_string(i), "192.0.2." + std::to_string(k), ada);
      watch_.answered(folder_, 200, "folder " + std::to_string(i * 3 + k), "192.0.2.1", ada);
      watch_.answered(document_, 403, "other " + std::to_string(i * 3 + k), "192.0.2.1", ada);
      if (i == 3) break;
    }
  }
  EXPECT_TRUE(watch_.refusal(document_, "192.0.2.99", ada));
  EXPECT_FALSE(watch_.refusal(folder_, "192.0.2.99", ada));
  EXPECT_FALSE(watch_.refusal(document_, "192.0.2.1", ben));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].kind, ThreatKind::kMassDownload);
  EXPECT_EQ(told_[0].user, ada.user.str());
}

TEST_F(WatchTest, who_guesses_at_identifiers_is_kept_from_asking) {
  const Caller ada = user(7);
  for (int i = 0; i < 5; ++i) watch_.answered(folder_, 404, "thing " + std::to_string(i), "192.0.2.1", ada);
  EXPECT_TRUE(watch_.refusal(folder_, "192.0.2.1", ada));
  EXPECT_FALSE(watch_.refusal(list_, "192.0.2.1", ada));
  EXPECT_FALSE(watch_.refusal(route("/locks/{lock}"), "192.0.2.1", ada));
  EXPECT_FALSE(watch_.refusal(folder_, "192.0.2.1", std::nullopt));
  for (int i = 0; i < 5; ++i) watch_.answered(folder_, 404, "thing " + std::to_string(i), "192.0.2.2", std::nullopt);
  EXPECT_TRUE(watch_.refusal(folder_, "192.0.2.2", std::nullopt));
  EXPECT_EQ(watch_.locks().size(), 2U);
}

TEST_F(WatchTest, a_token_that_is_used_again_is_told_and_locks_nothing) {
  watch_.token_reused("usr_a", "192.0.2.1");
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_FALSE(told_[0].lock);
  EXPECT_TRUE(watch_.locks().empty());
  EXPECT_NE(metrics_.prometheus_text().find(R"(concord_guard_threats_total{kind="token_reuse"} 1)"), std::string::npos);
}

TEST_F(WatchTest, without_minutes_a_threat_is_only_told) {
  Watch lenient({.failures_per_10_minutes = 1, .lock_minutes = 0},
                {clock_, ids_, metrics_, [](const net::Route&) { return false; },
                 [this](const Threat& threat) { told_.push_back(threat); }});
  lenient.sign_in_failed("a", "", "192.0.2.1");
  EXPECT_EQ(told_.size(), 2U);
  EXPECT_TRUE(lenient.locks().empty());
  EXPECT_FALSE(lenient.refusal(sign_in_, "192.0.2.1", std::nullopt));
}

}  // namespace
}  // namespace concord::guard
