#include "documents/annotation_pages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/clock_testing.h"

namespace concord::documents {
namespace {

class AnnotationPagesTest : public ::testing::Test {
 protected:
  /// By time, then identifier, two at each time; every third is resolved.
  std::vector<Comment> comments(std::size_t count) {
    std::vector<Comment> out(count);
    for (std::size_t i = 0; i < count; ++i) {
      out[i].at_ms = static_cast<std::int64_t>(i / 2);
      out[i].id = CommentId::make(ids_, Slot{0}).str();
      if (i % 3 == 0) out[i].resolved = Stamp{"usr_a", 1};
    }
    std::ranges::sort(out, {}, [](const Comment& one) { return std::pair(one.at_ms, one.id); });
    return out;
  }
  static std::vector<std::string> ids_of(const std::vector<Comment>& comments) {
    std::vector<std::string> out;
    out.reserve(comments.size());
    for (const Comment& one : comments) out.push_back(one.id);
    return out;
  }

  testing::ManualClock clock_;
  SystemIdSource ids_{clock_};
};

TEST_F(AnnotationPagesTest, pages_together_are_the_list) {
  const std::vector<Comment> all = comments(25);
  for (const std::optional<bool> resolved : {std::optional<bool>(), std::optional(true), std::optional(false)}) {
    std::vector<Comment> expected = all;
    EXPECT_FALSE(take_page(expected, CommentFilter{.resolved = resolved}));
    for (const std::size_t limit : {1U, 2U, 7U, 25U, 26U}) {
      std::vector<std::string> seen;
      CommentFilter filter{.resolved = resolved, .limit = limit};
      for (std::size_t pages = 0; pages <= all.size(); ++pages) {
        std::vector<Comment> page = all;
        const auto next = take_page(page, filter);
        EXPECT_LE(page.size(), limit);
        for (const Comment& one : page) seen.push_back(one.id);
        if (!next) break;
        filter.after = parse_comment_place(to_text(*next)).value();
      }
      EXPECT_EQ(seen, ids_of(expected)) << limit;
    }
  }
}

TEST_F(AnnotationPagesTest, what_is_gone_or_came_meanwhile_moves_no_place) {
  std::vector<Comment> all = comments(9);
  std::vector<Comment> page = all;
  const auto next = take_page(page, {.limit = 4});
  ASSERT_TRUE(next);
  std::vector<Comment> later(all.begin() + 4, all.end());  // the first page was removed
  std::vector<Comment> second = later;
  EXPECT_FALSE(take_page(second, {.after = next}));
  EXPECT_EQ(ids_of(second), ids_of(later));
}

TEST_F(AnnotationPagesTest, suggestions_are_newest_first) {
  std::vector<Suggestion> all(5);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].at_ms = static_cast<std::int64_t>(10 - i);
    all[i].id = SuggestionId::make(ids_, Slot{0}).str();
  }
  std::vector<Suggestion> page = all;
  const auto next = take_page(page, SuggestionFilter{.limit = 2});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->at_ms, 9);
  page = all;
  EXPECT_FALSE(take_page(page, SuggestionFilter{.after = parse_suggestion_place(to_text(*next)).value()}));
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].id, all[2].id);
}

TEST_F(AnnotationPagesTest, a_cursor_of_another_list_is_refused) {
  const std::string comment = CommentId::make(ids_, Slot{0}).str();
  EXPECT_TRUE(parse_comment_place("12_" + comment));
  for (const std::string& bad : {std::string(), std::string("x"), std::string("12_"), "_" + comment, "1x_" + comment,
                                 "12_" + SuggestionId::make(ids_, Slot{0}).str(), "99999999999999999999_" + comment}) {
    const auto refused = parse_comment_place(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  }
  EXPECT_FALSE(parse_suggestion_place("12_" + comment));
  EXPECT_FALSE(parse_resolved("closed"));
  EXPECT_FALSE(parse_state("resolved"));
}

}  // namespace
}  // namespace concord::documents
