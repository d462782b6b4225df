#include "ot/history.h"

#include <gtest/gtest.h>

#include "ot/ot_testing.h"

namespace concord::ot {
namespace {

using testing::below;
using testing::Random;

constexpr std::size_t kPlenty = 64U << 20U;

Delta one_by_one(Delta op, std::span<const Delta> changes) {
  for (const Delta& change : changes) op = transform(op, change, Priority::kAgainst);
  return op;
}

Delta in_normal_form(const Delta& delta) {
  Delta out;
  for (const Op& op : delta.ops()) out.push(op);
  return out;
}

TEST(History, an_insertion_stays_behind_text_that_is_deleted_later) {
  // "a": y is inserted behind a, then a is deleted; another, who saw neither, inserts c before a.
  const Delta changes[] = {Delta().retain(1).insert(u"y"), Delta().remove(1)};
  const Delta c = Delta().insert(u"c");
  History history(0, kPlenty);
  for (const Delta& change : changes) history.push(change);
  EXPECT_EQ(*history.transform(c, 0), c);
  EXPECT_EQ(transform(c, compose(changes[0], changes[1]), Priority::kAgainst), Delta().retain(1).insert(u"c"));
  EXPECT_EQ(transform(c, *history.since(0), Priority::kAgainst), c);
}

TEST(History, a_format_that_was_set_and_removed_still_wins_over_what_is_brought_to_now) {
  History history(0, kPlenty);
  history.push(Delta().retain(1, {{"bold", "true"}}));
  history.push(Delta().retain(1, {{"bold", "null"}}));
  EXPECT_EQ(*history.since(0), Delta().retain(1, {{"bold", "null"}}));
  EXPECT_TRUE(history.transform(Delta().retain(1, {{"bold", "1"}}), 0)->empty());
}

TEST(History, what_comes_together_within_a_block_is_told_step_by_step) {
  // "abz": the operation deletes a and inserts c behind b. b is deleted, then y inserted behind a.
  const Delta op = Delta().remove(1).retain(1).insert(u"c");
  const Delta changes[] = {Delta().retain(1).remove(1), Delta().retain(1).insert(u"y"), Delta().retain(3).insert(u"1"),
                           Delta().retain(3).insert(u"2")};
  History history(0, kPlenty);
  for (const Delta& change : changes) history.push(change);
  EXPECT_EQ(*history.transform(op, 0), one_by_one(op, changes));
  EXPECT_NE(one_by_one(op, changes), transform(op, *history.since(0), Priority::kAgainst));
}

TEST(History, a_version_that_is_not_known_is_refused_with_those_that_are) {
  History history(7, kPlenty);
  history.push(Delta().insert(u"a"));
  const auto refused = history.transform(Delta(), 6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_EQ(history.oldest(), 7U);
  EXPECT_EQ(history.current(), 8U);
  EXPECT_FALSE(history.since(9));
  EXPECT_FALSE(history.between(8, 7));
  EXPECT_TRUE(history.since(8)->empty());
}

TEST(History, keeps_to_its_bytes_and_serves_what_is_left) {
  constexpr std::size_t kFew = 100'000;
  Random random(1);
  History history(0, kFew);
  for (int i = 0; i < 20'000; ++i) {
    history.push(Delta().retain(below(random, 100)).insert(u"text", {{"id", std::to_string(i)}}));
    ASSERT_LE(history.bytes(), kFew);
  }
  EXPECT_EQ(history.current(), 20'000U);
  EXPECT_GT(history.oldest(), 15'000U);
  EXPECT_LT(history.oldest(), 19'900U);
  EXPECT_TRUE(history.since(history.oldest()));
  EXPECT_FALSE(history.since(history.oldest() - 1));
  EXPECT_EQ(history.growth_since(history.oldest()),
            static_cast<std::int64_t>(4 * (history.current() - history.oldest())));
}

class HistoryProperties : public ::testing::TestWithParam<std::uint64_t> {};

/// A document's changes, each with the document that it was made for; the last is the document now.
struct Course {
  std::vector<Delta> documents;
  std::vector<Delta> changes;
};

Course random_course(Random& random, std::size_t length) {
  Course out;
  out.documents.push_back(testing::random_document(random));
  for (std::size_t i = 0; i < length; ++i) {
    const Delta& document = out.documents.back();
    // Few lines, so that much is inserted and deleted at the same places.
    const std::size_t reach = std::min<std::size_t>(document.target_length(), 1 + below(random, 30));
    out.changes.push_back(testing::random_change(random, reach));
    out.documents.push_back(*apply_delta(out.changes.back(), document));
  }
  return out;
}

TEST_P(HistoryProperties, bringing_to_now_is_transforming_one_by_one) {
  Random random(GetParam());
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t first = below(random, 70);
    const Course course = random_course(random, 1 + below(random, 150));
    History history(first, kPlenty);
    for (const Delta& change : course.changes) history.push(change);
    for (int query = 0; query < 30; ++query) {
      const std::size_t at = below(random, course.changes.size() + 1);
      const Delta op = testing::random_change(random, course.documents[at].target_length());
      EXPECT_EQ(*history.transform(op, first + at), one_by_one(op, std::span(course.changes).subspan(at)))
          << "seed " << GetParam() << " round " << round << " query " << query;
    }
  }
}

TEST_P(HistoryProperties, what_lies_between_two_versions_leads_from_one_to_the_other) {
  Random random(GetParam());
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t first = below(random, 70);
    const Course course = random_course(random, 1 + below(random, 150));
    History history(first, kPlenty);
    for (const Delta& change : course.changes) history.push(change);
    for (int query = 0; query < 30; ++query) {
      const std::size_t from = below(random, course.changes.size() + 1);
      const std::size_t to = from + below(random, course.changes.size() + 1 - from);
      const Delta between = *history.between(first + from, first + to);
      Delta composed;
      for (std::size_t i = from; i < to; ++i) composed = compose(composed, course.changes[i]);
      EXPECT_EQ(*apply_delta(between, course.documents[from]), course.documents[to]) << "seed " << GetParam();
      EXPECT_EQ(in_normal_form(between), composed) << "seed " << GetParam() << " round " << round;
      EXPECT_EQ(history.growth_since(first + from),
                static_cast<std::int64_t>(course.documents.back().target_length()) -
                    static_cast<std::int64_t>(course.documents[from].target_length()));
    }
  }
}

TEST_P(HistoryProperties, transforming_an_insertion_against_what_lies_between_is_transforming_one_by_one) {
  Random random(GetParam());
  for (int round = 0; round < 40; ++round) {
    const Course course = random_course(random, 1 + below(random, 40));
    History history(0, kPlenty);
    for (const Delta& change : course.changes) history.push(change);
    for (int query = 0; query < 10; ++query) {
      Delta op;
      op.retain(below(random, course.documents[0].target_length() + 1)).insert(u"typed");
      EXPECT_EQ(transform(op, *history.since(0), Priority::kAgainst), one_by_one(op, course.changes))
          << "seed " << GetParam() << " round " << round;
    }
  }
}

TEST_P(HistoryProperties, holds_with_little_room) {
  Random random(GetParam());
  for (int round = 0; round < 6; ++round) {
    const Course course = random_course(random, 600);
    History history(below(random, 70), 20'000 + below(random, 60'000));
    const std::uint64_t first = history.current();
    for (const Delta& change : course.changes) {
      history.push(change);
      if (below(random, 8) != 0) continue;
      const std::uint64_t version = history.oldest() + below(random, history.current() - history.oldest() + 1);
      const Delta op = testing::random_change(random, course.documents[version - first].target_length());
      EXPECT_EQ(*history.transform(op, version),
                one_by_one(op, std::span(course.changes).subspan(version - first, history.current() - version)))
          << "seed " << GetParam() << " round " << round;
    }
    EXPECT_GT(history.oldest(), first) << "seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryProperties, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace concord::ot
