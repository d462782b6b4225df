#include "ot/diff.h"

#include <gtest/gtest.h>

#include <chrono>

#include "ot/alignment.h"
#include "ot/ot_testing.h"
#include "ot/utf16.h"

namespace concord::ot {
namespace {

using testing::below;
using testing::Random;

/// Code points inserted and deleted.
std::size_t cost(const Delta& change, std::u16string_view from) {
  std::size_t cost = 0;
  for (const Op& op : change.ops()) {
    if (op.kind == OpKind::kInsert) cost += to_code_points(op.text).size();
    if (op.kind == OpKind::kDelete) cost += to_code_points(from.substr(0, op.length)).size();
    if (!op.is_insertion()) from.remove_prefix(op.length);
  }
  return cost;
}

/// By dynamic programming over the whole table.
std::size_t least_cost(std::u16string_view from, std::u16string_view to) {
  const std::u32string a = to_code_points(from);
  const std::u32string b = to_code_points(to);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = a[i - 1] == b[j - 1] ? diagonal : 1 + std::min(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row[b.size()];
}

void expect_whole_pairs(const Delta& change, std::u16string_view from, std::u16string_view to) {
  const auto splits = [](std::u16string_view text, std::size_t at) {
    return at > 0 && at < text.size() && is_high_surrogate(text[at - 1]) && is_low_surrogate(text[at]);
  };
  std::size_t in_from = 0;
  std::size_t in_to = 0;
  for (const Op& op : change.ops()) {
    if (!op.is_insertion()) in_from += op.size();
    if (op.kind != OpKind::kDelete) in_to += op.size();
    EXPECT_FALSE(splits(from, in_from));
    EXPECT_FALSE(splits(to, in_to));
  }
}

TEST(Diff, of_equal_texts_is_nothing) { EXPECT_TRUE(diff(u"same", u"same").empty()); }

TEST(Diff, touches_only_what_changed) {
  EXPECT_EQ(diff(u"the quick fox", u"the slow fox"), Delta().retain(4).insert(u"slow").remove(5));
  EXPECT_EQ(diff(u"", u"new"), Delta().insert(u"new"));
  EXPECT_EQ(diff(u"old", u""), Delta().remove(3));
}

TEST(Diff, replaces_a_pair_whole_where_only_its_second_half_differs) {
  EXPECT_EQ(diff(u"x😀y", u"x😁y"), Delta().retain(1).insert(u"😁").remove(2));  // both begin with D83D
  EXPECT_EQ(diff(u"a𝄞b", u"a𐄞b"), Delta().retain(1).insert(u"𐄞").remove(2));     // both end with DD1E
}

TEST(Diff, takes_lone_surrogates_as_they_are) {
  const std::u16string lone{u'a', 0xd83d, u'b'};
  const std::u16string pair{u'a', 0xd83d, 0xde00, u'b'};
  EXPECT_EQ(*apply_delta(diff(lone, pair), lone), pair);
  EXPECT_EQ(*apply_delta(diff(pair, lone), pair), lone);
}

class DiffProperties : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(DiffProperties, applied_gives_the_other_text_at_the_least_cost) {
  Random random(GetParam());
  for (int round = 0; round < 300; ++round) {
    const std::size_t alphabet = 2 + below(random, 7);
    const std::u16string from = testing::random_text(random, 40, alphabet);
    const std::u16string to = testing::random_text(random, 40, alphabet);
    const Delta change = diff(from, to);
    EXPECT_EQ(*apply_delta(change, from), to) << "seed " << GetParam() << " round " << round;
    EXPECT_EQ(cost(change, from), least_cost(from, to)) << "seed " << GetParam() << " round " << round;
    expect_whole_pairs(change, from, to);
  }
}

TEST_P(DiffProperties, holds_for_whatever_the_steps_allow) {
  Random random(GetParam());
  for (int round = 0; round < 100; ++round) {
    const std::u16string from = testing::random_text(random, 2000, 8);
    std::u16string to = from;
    for (std::size_t n = below(random, 30); n > 0; --n) {
      const std::size_t at = below(random, to.size() + 1);
      to.replace(at, below(random, 40), testing::random_text(random, 40, 8));
    }
    const DiffLimits limits{.exact_steps = below(random, 3000), .coarse_steps = below(random, 20000)};
    EXPECT_EQ(*apply_delta(diff(from, to, limits), from), to) << "seed " << GetParam() << " round " << round;
    EXPECT_EQ(*apply_delta(diff(from, to, {0, 0}), from), to) << "seed " << GetParam() << " round " << round;
  }
}

TEST_P(DiffProperties, of_documents_gives_the_other_with_its_attributes_and_embeds) {
  Random random(GetParam());
  for (int round = 0; round < 300; ++round) {
    const Delta from = testing::random_document(random);
    Delta to = testing::random_document(random);
    if (below(random, 2) == 0) to = *apply_delta(testing::random_change(random, from.target_length()), from);
    const auto change = diff(from, to);
    ASSERT_TRUE(change);
    EXPECT_EQ(*apply_delta(*change, from), to) << "seed " << GetParam() << " round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DiffProperties, ::testing::Range<std::uint64_t>(1, 13));

TEST(DiffOfDocuments, keeps_text_and_changes_only_its_format) {
  const Delta from = Delta().insert(u"plain ").insert(u"bold", {{"bold", "true"}}).insert_embed(R"({"image":"x"})");
  const Delta to = Delta().insert(u"plain bold").insert_embed(R"({"image":"x"})", {{"alt", "\"y\""}});
  EXPECT_EQ(*diff(from, to), Delta().retain(6).retain(4, {{"bold", "null"}}).retain(1, {{"alt", "\"y\""}}));
  EXPECT_FALSE(diff(Delta().retain(1), to));
}

TEST(DiffOfDocuments, tells_embeds_apart) {
  EXPECT_EQ(*diff(Delta().insert_embed("1"), Delta().insert_embed("2")), Delta().insert_embed("2").remove(1));
}

// Long texts. The bound on the time is generous, so that only a cost of another order breaks it: the exact
// comparison of two unrelated texts of this size would take hours.

constexpr std::size_t kLong = 5'000'000;
constexpr auto kBound = std::chrono::seconds(60);

std::u16string noise(Random& random, std::size_t length, std::size_t alphabet) {
  std::u16string out(length, u' ');
  for (char16_t& unit : out) unit = static_cast<char16_t>(u'a' + below(random, alphabet));
  return out;
}

Delta timed_diff(const std::u16string& from, const std::u16string& to) {
  const auto begin = std::chrono::steady_clock::now();
  Delta change = diff(from, to);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, kBound);
  ::testing::Test::RecordProperty(
      "milliseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_TRUE(*apply_delta(change, from) == to);
  return change;
}

TEST(DiffOfLongTexts, unrelated_texts_take_bounded_time) {
  Random random(7);
  timed_diff(noise(random, kLong, 26), noise(random, kLong, 26));
}

TEST(DiffOfLongTexts, texts_of_two_letters_take_bounded_time) {
  Random random(8);
  timed_diff(noise(random, kLong, 2), noise(random, kLong, 2));
}

TEST(DiffOfLongTexts, a_period_that_drifts_takes_bounded_time) {
  std::u16string from;
  std::u16string to;
  while (from.size() < kLong) from += u"ab";
  while (to.size() < kLong) to += u"aba";
  timed_diff(from, to);
  timed_diff(from, std::u16string(kLong, u'a'));
}

TEST(DiffOfLongTexts, many_small_changes_stay_small_changes) {
  Random random(9);
  const std::u16string from = noise(random, kLong, 26);
  std::u16string to;
  std::size_t changes = 0;
  for (std::size_t at = 0; at < from.size();) {
    const std::size_t step = std::min<std::size_t>(100 + below(random, 200), from.size() - at);
    to += from.substr(at, step);
    to += u"#";
    at += step + 1;
    ++changes;
  }
  EXPECT_LT(cost(timed_diff(from, to), from), changes * 3);
}

TEST(DiffOfLongTexts, a_large_block_put_in_between_leaves_the_rest_in_place) {
  Random random(10);
  const std::u16string from = noise(random, 400'000, 4);
  std::u16string to = from;
  to.replace(300'000, 5, u"!");
  to.insert(200'000, noise(random, 300'000, 4));
  to.replace(100'000, 5, u"!");
  EXPECT_LT(cost(timed_diff(from, to), from), 310'000U);
}

TEST(DiffOfLongTexts, one_word_changed_is_one_word) {
  Random random(11);
  const std::u16string from = noise(random, kLong, 26);
  std::u16string to = from;
  to.replace(kLong / 2, 4, u"WORD");
  EXPECT_EQ(timed_diff(from, to), Delta().retain(kLong / 2).insert(u"WORD").remove(4));
}

TEST(Utf16, goes_both_ways_and_repairs_what_is_malformed) {
  const std::string text = "aé界😀";
  EXPECT_EQ(to_utf8(to_utf16(text)), text);
  EXPECT_EQ(to_utf16("\xff\xc3"), u"\xfffd\xfffd");
  EXPECT_EQ(to_utf16("\xe2\x82z"), u"\xfffdz");
  EXPECT_EQ(to_utf16("\xed\xa0\x80"), std::u16string(1, 0xd800));
  EXPECT_EQ(to_utf8(std::u16string(1, 0xd800)), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace concord::ot
