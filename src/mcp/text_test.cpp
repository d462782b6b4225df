// Edits, differences and searches of texts.

#include <gtest/gtest.h>

#include "mcp/line_changes.h"
#include "mcp/text_edit.h"
#include "mcp/text_search.h"

namespace concord::mcp {
namespace {

TEST(TextEdits, replace_what_occurs_once) {
  EXPECT_EQ(replace_text("one two", "two", "2", false).value(), "one 2");
  EXPECT_EQ(replace_text("one two", "one ", "", false).value(), "two");
  EXPECT_EQ(replace_text("one two", "three", "3", false).error().message, "'old_text' does not occur in the document");
  EXPECT_FALSE(replace_text("one two", "", "3", true));
  EXPECT_FALSE(replace_text("aXaXa", "a", "b", false));
  EXPECT_FALSE(replace_text("aaa", "aa", "b", false));  // at two places, though they overlap
}

TEST(TextEdits, replace_all_where_that_is_said) {
  EXPECT_EQ(replace_text("aXaXa", "a", "bb", true).value(), "bbXbbXbb");
  EXPECT_EQ(replace_text("aaa", "aa", "b", true).value(), "ba");
  EXPECT_EQ(replace_text("aa", "a", "aa", true).value(), "aaaa");  // what was put in is not looked at again
  EXPECT_FALSE(replace_text("one", "two", "", true));
}

TEST(TextEdits, insert_at_an_end_or_by_an_anchor) {
  EXPECT_EQ(insert_text("b", "a", Place::kStart, "").value(), "ab");
  EXPECT_EQ(insert_text("b", "a", Place::kEnd, "").value(), "ba");
  EXPECT_EQ(insert_text("one two", "X", Place::kBefore, "two").value(), "one Xtwo");
  EXPECT_EQ(insert_text("one two", "X", Place::kAfter, "one").value(), "oneX two");
  EXPECT_FALSE(insert_text("one one", "X", Place::kAfter, "one"));
  EXPECT_FALSE(insert_text("one", "X", Place::kAfter, ""));
  EXPECT_FALSE(insert_text("one", "X", Place::kAfter, "two"));
}

std::string shown(std::string_view before, std::string_view after) {
  std::string out;
  for (const LineChange& change : line_changes(before, after).changes)
    out += std::to_string(change.line) + ":-" + change.removed + "+" + change.added + ";";
  return out;
}

TEST(LineDifferences, are_the_lines_that_changed) {
  EXPECT_EQ(shown("a\nb\nc\n", "a\nb\nc\n"), "");
  EXPECT_EQ(shown("a\nb\nc\n", "a\nX\nc\n"), "2:-b\n+X\n;");
  EXPECT_EQ(shown("a\nb\n", "a\nn\nb\n"), "2:-+n\n;");
  EXPECT_EQ(shown("a\nb\nc\n", "a\nc\n"), "2:-b\n+;");
  EXPECT_EQ(shown("a", "a\n"), "1:-a+a\n;");
  EXPECT_EQ(shown("", "x"), "1:-+x;");
  EXPECT_EQ(shown("a\nb\nc\nd\n", "b\nc\nX\n"), "1:-a\n+;4:-d\n+X\n;");
}

TEST(LineDifferences, are_cut_at_their_bounds) {
  const LineChanges large = line_changes("", std::string(kMaxChangedBytes + 1, 'x'));
  EXPECT_TRUE(large.cut);
  EXPECT_TRUE(large.changes.empty());
  std::string before;
  std::string after;
  for (std::size_t i = 0; i <= kMaxChanges; ++i) {
    before += "same" + std::to_string(i) + "\na\n";
    after += "same" + std::to_string(i) + "\nb\n";
  }
  const LineChanges many = line_changes(before, after);
  EXPECT_TRUE(many.cut);
  EXPECT_EQ(many.changes.size(), kMaxChanges);
  std::string lines;  // more different lines than there are units to stand for them
  for (int i = 0; i < 70'000; ++i) lines += std::to_string(i) + "\n";
  EXPECT_TRUE(line_changes(lines, "x").cut);
}

TEST(Searches, fold_ascii_letters_and_take_each_word_once) {
  EXPECT_EQ(words_of("  One ONE\ttwo "), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(words_of("1 2 3 4 5 6 7 8 9").size(), kMaxWords);
  EXPECT_TRUE(words_of(" \n").empty());
  EXPECT_EQ(folded("ÄbC"), "Äbc");
}

TEST(Searches, show_what_stands_around_between_whole_characters) {
  EXPECT_EQ(snippet("one\ntwo", 4, 3), "one two");
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  const std::string text = umlauts + "x" + umlauts;
  for (std::size_t at : {std::size_t{199}, std::size_t{200}, std::size_t{201}}) {
    const std::string part = snippet(text, at, 1);
    EXPECT_TRUE(part.starts_with("…") && part.ends_with("…")) << part;
    EXPECT_EQ(slice(part, 0, 1000).text, part);
  }
}

TEST(Slices, count_characters) {
  const Slice whole = slice("aäb", 0, 10);
  EXPECT_EQ(whole.text, "aäb");
  EXPECT_EQ(whole.total, 3U);
  EXPECT_EQ(whole.end, 3U);
  EXPECT_EQ(slice("aäb", 1, 1).text, "ä");
  EXPECT_EQ(slice("aäb", 1, 1).end, 2U);
  EXPECT_EQ(slice("aäb", 3, 1).text, "");
  EXPECT_EQ(slice("aäb", 9, 1).end, 3U);
}

}  // namespace
}  // namespace concord::mcp
