#include "documents/session_counts.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock_testing.h"

namespace concord::documents {
namespace {

class SessionCountsTest : public ::testing::Test {
 protected:
  testing::ManualClock clock_;
  testing::SeededIdSource ids_{clock_};
  UserId ann_{UserId::make(ids_, Slot{1})};
  UserId ben_{UserId::make(ids_, Slot{1})};

  identity::Actor agent_of(UserId owner, bool link = false) {
    identity::Agent agent;
    agent.id = identity::AgentId::make(ids_, Slot{1});
    agent.link = link;
    return {owner, std::make_shared<const identity::Agent>(agent)};
  }
};

TEST_F(SessionCountsTest, one_too_many_is_refused_with_the_limit_until_another_ends) {
  SessionCounts counts(2);
  std::vector<SessionCounts::Place> open;
  for (int i = 0; i < 2; ++i) open.push_back(*counts.take(ann_));
  const auto refused = counts.take(ann_);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is_too_many_sessions(refused.error()));
  EXPECT_EQ(refused.error().message, "too many live sessions: 2 are open for this user, and at most 2 may be");
  EXPECT_TRUE(counts.take(ben_)) << "others are not held to it";
  open.pop_back();
  EXPECT_TRUE(counts.take(ann_));
}

TEST_F(SessionCountsTest, agents_count_for_their_owner_and_visitors_for_their_link) {
  SessionCounts counts(1);
  {
    const auto agent = counts.take(agent_of(ann_));
    ASSERT_TRUE(agent);
    EXPECT_FALSE(counts.take(ann_));
    EXPECT_FALSE(counts.take(agent_of(ann_)));
    const identity::Actor link = agent_of(ann_, true);
    const auto visitor = counts.take(link);
    ASSERT_TRUE(visitor);
    const auto second = counts.take(link);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, "too many live sessions: 1 are open by this link, and at most 1 may be");
    EXPECT_TRUE(counts.take(agent_of(ann_, true))) << "another link";
  }
  EXPECT_TRUE(counts.take(ann_));
}

TEST_F(SessionCountsTest, without_a_limit_nothing_is_counted) {
  SessionCounts counts(0);
  std::vector<SessionCounts::Place> open;
  for (int i = 0; i < 100; ++i) open.push_back(*counts.take(ann_));
}

TEST_F(SessionCountsTest, other_errors_are_not_of_this_limit) {
  EXPECT_FALSE(is_too_many_sessions(Error{Code::kRateLimited, "slow down", {}}));
}

}  // namespace
}  // namespace concord::documents
