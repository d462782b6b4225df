#include "ot/delta.h"

#include <gtest/gtest.h>

#include "ot/ot_testing.h"

namespace concord::ot {
namespace {

using testing::Random;

const Attributes kBold{{"bold", "true"}};
const Attributes kNotBold{{"bold", "null"}};
const Attributes kRed{{"color", "\"red\""}};

TEST(Delta, neighbours_of_a_kind_become_one_operation) {
  Delta delta;
  delta.insert(u"a").insert(u"b").insert(u"c", kBold).retain(1).retain(2).remove(1).remove(1);
  ASSERT_EQ(delta.ops().size(), 4U);
  EXPECT_EQ(delta.ops()[0].text, u"ab");
  EXPECT_EQ(delta.ops()[2].length, 3U);
  EXPECT_EQ(delta.ops()[3].length, 2U);
}

TEST(Delta, an_insertion_goes_before_a_deletion_and_joins_what_stands_there) {
  Delta delta;
  delta.insert(u"a").remove(2).insert(u"b");
  EXPECT_EQ(delta, Delta().insert(u"ab").remove(2));
}

TEST(Delta, nothing_is_pushed_for_nothing) { EXPECT_TRUE(Delta().insert(u"").retain(0).remove(0).empty()); }

TEST(Delta, lengths_are_utf16_units_and_an_embed_is_one) {
  const Delta delta = Delta().insert(u"😀").insert_embed("{}").retain(3).remove(4);
  EXPECT_EQ(delta.base_length(), 7U);
  EXPECT_EQ(delta.target_length(), 6U);
}

TEST(Attributes, are_a_map_in_key_order) {
  Attributes one;
  one.set("b", "1");
  one.set("a", "2");
  one.set("b", "3");
  EXPECT_EQ(one, (Attributes{{"a", "2"}, {"b", "3"}}));
  EXPECT_EQ(one.find("c"), nullptr);
}

// The examples are those of quill-delta's own documentation and tests, read as facts about the algebra.
TEST(Compose, follows_quill) {
  EXPECT_EQ(compose(Delta().insert(u"A"), Delta().insert(u"B")), Delta().insert(u"BA"));
  EXPECT_EQ(compose(Delta().insert(u"A"), Delta().retain(1, kBold)), Delta().insert(u"A", kBold));
  EXPECT_EQ(compose(Delta().insert(u"A"), Delta().remove(1)), Delta());
  EXPECT_EQ(compose(Delta().remove(1), Delta().insert(u"B")), Delta().insert(u"B").remove(1));
  EXPECT_EQ(compose(Delta().remove(1), Delta().remove(1)), Delta().remove(2));
  EXPECT_EQ(compose(Delta().retain(1, kRed), Delta().retain(1, kBold)),
            Delta().retain(1, {{"bold", "true"}, {"color", "\"red\""}}));
  EXPECT_EQ(compose(Delta().retain(1, kBold), Delta().remove(1)), Delta().remove(1));
  EXPECT_EQ(compose(Delta().insert(u"Hello"), Delta().retain(3).insert(u"X")), Delta().insert(u"HelXlo"));
  EXPECT_EQ(compose(Delta().retain(4).insert(u"Hello"), Delta().remove(9)), Delta().remove(4));
  EXPECT_EQ(compose(Delta().insert(u"Hello"), Delta().retain(10)), Delta().insert(u"Hello"));
}

TEST(Compose, a_removal_of_an_attribute_stays_only_in_a_retain) {
  EXPECT_EQ(compose(Delta().insert(u"A", kBold), Delta().retain(1, kNotBold)), Delta().insert(u"A"));
  EXPECT_EQ(compose(Delta().retain(1, kBold), Delta().retain(1, kNotBold)), Delta().retain(1, kNotBold));
}

TEST(Transform, follows_quill) {
  const Delta a = Delta().insert(u"A");
  const Delta b = Delta().insert(u"B");
  EXPECT_EQ(transform(b, a, Priority::kAgainst), Delta().retain(1).insert(u"B"));
  EXPECT_EQ(transform(b, a, Priority::kOp), Delta().insert(u"B"));
  EXPECT_EQ(transform(Delta().retain(1, kBold), Delta().remove(1), Priority::kAgainst), Delta());
  EXPECT_EQ(transform(Delta().remove(1), Delta().remove(1), Priority::kAgainst), Delta());
  EXPECT_EQ(transform(Delta().retain(1, kBold), Delta().retain(1, kNotBold), Priority::kAgainst), Delta());
  EXPECT_EQ(transform(Delta().retain(1, kBold), Delta().retain(1, kNotBold), Priority::kOp), Delta().retain(1, kBold));
  EXPECT_EQ(transform(Delta().remove(5), Delta().retain(2).insert(u"xy"), Priority::kAgainst),
            Delta().remove(2).retain(2).remove(3));
}

TEST(Invert, takes_back_what_was_inserted_deleted_and_formatted) {
  const Delta document = Delta().insert(u"ab", kBold).insert(u"cd").insert_embed("{}", kRed);
  const Delta change = Delta().insert(u"xy").remove(3).retain(2, kBold);
  EXPECT_EQ(*invert(change, document), Delta().remove(2).insert(u"ab", kBold).insert(u"c").retain(2, kNotBold));
}

TEST(Invert, writes_no_value_that_was_there_before) {
  const Attributes comment{{"comment", R"({"id":"x"})"}};
  EXPECT_TRUE(invert(Delta().retain(1, comment), Delta().insert(u"a", comment))->empty());
}

TEST(Invert, refuses_what_reads_past_the_end) { EXPECT_FALSE(invert(Delta().remove(3), Delta().insert(u"a"))); }

TEST(TransformPosition, follows_quill) {
  EXPECT_EQ(transform_position(2, Delta().insert(u"A"), Priority::kOp), 3U);
  EXPECT_EQ(transform_position(2, Delta().retain(2).insert(u"A"), Priority::kOp), 2U);
  EXPECT_EQ(transform_position(2, Delta().retain(2).insert(u"A"), Priority::kAgainst), 3U);
  EXPECT_EQ(transform_position(4, Delta().retain(1).remove(2), Priority::kOp), 2U);
  EXPECT_EQ(transform_position(2, Delta().insert(u"ABC").remove(5), Priority::kOp), 3U);
}

TEST(Apply, refuses_what_reads_past_the_end_and_what_is_no_document) {
  auto past = apply_delta(Delta().retain(3).remove(1), u"abc");
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().code, Code::kInvalidArgument);
  EXPECT_FALSE(apply_delta(Delta().remove(4), Delta().insert(u"abc")));
  EXPECT_FALSE(apply_delta(Delta().remove(1), Delta().retain(3)));
  EXPECT_FALSE(apply_delta(Delta().insert_embed("{}"), u"abc"));
  EXPECT_EQ(apply_delta(Delta().retain(1).insert(u"X").remove(1), u"abc"), u"aXc");
}

class DeltaProperties : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(DeltaProperties, composing_is_applying_one_after_the_other) {
  Random random(GetParam());
  for (int round = 0; round < 400; ++round) {
    const Delta document = testing::random_document(random);
    const Delta a = testing::random_change(random, document.target_length());
    const Delta after_a = *apply_delta(a, document);
    const Delta b = testing::random_change(random, after_a.target_length());
    const Delta after_b = *apply_delta(b, after_a);
    EXPECT_EQ(*apply_delta(compose(a, b), document), after_b) << "seed " << GetParam() << " round " << round;
    const Delta c = testing::random_change(random, after_b.target_length());
    EXPECT_EQ(compose(compose(a, b), c), compose(a, compose(b, c))) << "seed " << GetParam() << " round " << round;
  }
}

TEST_P(DeltaProperties, what_is_taken_back_was_never_there) {
  Random random(GetParam());
  for (int round = 0; round < 400; ++round) {
    const Delta document = testing::random_document(random);
    const Delta change = testing::random_change(random, document.target_length());
    const Delta changed = *apply_delta(change, document);
    EXPECT_EQ(*apply_delta(*invert(change, document), changed), document)
        << "seed " << GetParam() << " round " << round;
  }
}

TEST_P(DeltaProperties, two_that_change_at_once_converge) {
  Random random(GetParam());
  for (int round = 0; round < 400; ++round) {
    const Delta document = testing::random_document(random);
    const Delta a = testing::random_change(random, document.target_length());
    const Delta b = testing::random_change(random, document.target_length());
    const Delta one = *apply_delta(transform(b, a, Priority::kAgainst), *apply_delta(a, document));
    const Delta other = *apply_delta(transform(a, b, Priority::kOp), *apply_delta(b, document));
    EXPECT_EQ(one, other) << "seed " << GetParam() << " round " << round;
  }
}

TEST_P(DeltaProperties, plain_text_and_documents_agree) {
  Random random(GetParam());
  for (int round = 0; round < 400; ++round) {
    const std::u16string text = testing::random_text(random, 30);
    const Delta change = testing::random_change(random, text.size(), false);
    std::u16string joined;
    for (const Op& op : apply_delta(change, Delta().insert(text))->ops()) joined += op.text;
    EXPECT_EQ(*apply_delta(change, text), joined) << "seed " << GetParam() << " round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeltaProperties, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace concord::ot
