#include "documents/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "crdt/any_json.h"
#include "documents/formats_parts.h"
#include "documents/formats_testing.h"

namespace concord::documents {
namespace {

using crdt::Any;
using crdt::DeltaOp;
using formats::testing::Random;

/// One operation a run of equal attributes, these in order of their names.
std::vector<DeltaOp> normal(std::span<const DeltaOp> document) {
  std::vector<DeltaOp> out;
  for (DeltaOp op : document) {
    std::ranges::sort(op.attributes, {}, &std::pair<std::string, Any>::first);
    if (op.kind == DeltaOp::Kind::kInsert) {
      formats::push_text(out, op.text, op.attributes);
    } else {
      out.push_back(std::move(op));
    }
  }
  return out;
}

std::string json(std::span<const DeltaOp> document) { return delta_to_json(normal(document)); }

std::vector<DeltaOp> delta(std::string_view text) {
  auto parsed = delta_from_json(text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : std::vector<DeltaOp>{};
}

std::string markdown(std::string_view text) { return to_markdown(delta(text)); }

std::string read(std::string_view text) {
  auto parsed = from_markdown(text);
  EXPECT_TRUE(parsed);
  return parsed ? json(*parsed) : "";
}

TEST(ToMarkdown, writes_each_block) {
  EXPECT_EQ(markdown(R"([{"insert":"Title"},{"insert":"\n","attributes":{"header":2}},{"insert":"one\ntwo\n"}])"),
            "## Title\n\none\n\ntwo\n");
  EXPECT_EQ(markdown(R"([{"insert":"a"},{"insert":"\n","attributes":{"list":"bullet"}},{"insert":"b"},
    {"insert":"\n","attributes":{"list":"ordered","indent":1}},{"insert":"c"},
    {"insert":"\n","attributes":{"list":"ordered","indent":1}},{"insert":"d"},
    {"insert":"\n","attributes":{"list":"checked"}},{"insert":"e"},{"insert":"\n","attributes":{"list":"unchecked"}}])"),
            "- a\n  1. b\n  2. c\n- [x] d\n- [ ] e\n");
  EXPECT_EQ(markdown(R"([{"insert":"a"},{"insert":"\n\n","attributes":{"blockquote":true}},{"insert":"after"}])"),
            "> a\n>\n> <br>\n\nafter\n");
  EXPECT_EQ(markdown(R"([{"insert":"int a;"},{"insert":"\n","attributes":{"code-block":"cpp"}},{"insert":"```"},
    {"insert":"\n","attributes":{"code-block":"cpp"}}])"),
            "````cpp\nint a;\n```\n````\n");
}

TEST(ToMarkdown, writes_each_span) {
  EXPECT_EQ(markdown(R"([{"insert":"a "},{"insert":"b","attributes":{"bold":true}},{"insert":" "},
    {"insert":"c","attributes":{"italic":true}},{"insert":" "},{"insert":"d","attributes":{"strike":true}},
    {"insert":" "},{"insert":"e","attributes":{"underline":true}},{"insert":" "},
    {"insert":"f","attributes":{"code":true}},{"insert":" "},{"insert":"g","attributes":{"link":"https://h.i/"}},
    {"insert":{"image":"j.png"},"attributes":{"alt":"k"}},{"insert":"\n"}])"),
            "a **b** _c_ ~~d~~ <u>e</u> `f` [g](https://h.i/)![k](j.png)\n");
  EXPECT_EQ(
      markdown(
          R"([{"insert":"both","attributes":{"bold":true,"italic":true}},{"insert":" bold","attributes":{"bold":true}},{"insert":"\n"}])"),
      "**_both_ bold**\n");
}

TEST(ToMarkdown, uses_tags_where_delimiters_would_not_work) {
  EXPECT_EQ(markdown(R"([{"insert":"a"},{"insert":" b","attributes":{"bold":true}},{"insert":"c\n"}])"),
            "a<strong> b</strong>c\n");
  EXPECT_EQ(markdown(R"([{"insert":"in"},{"insert":"word","attributes":{"italic":true}},{"insert":"\n"}])"),
            "in<em>word</em>\n");
}

TEST(ToMarkdown, escapes_what_would_be_read_as_markup) {
  EXPECT_EQ(markdown(R"([{"insert":"# no\n- no\n1. no\n> no\n*no* snake_case _no_ [no](no) <b> &amp; R&D\n"}])"),
            "\\# no\n\n\\- no\n\n1\\. no\n\n\\> no\n\n"
            "\\*no\\* snake_case \\_no\\_ \\[no\\](no) \\<b> \\&amp; R\\&D\n");
  EXPECT_EQ(markdown(R"([{"insert":"Hello, world! It's 3 > 2 - really.\n"}])"), "Hello, world! It's 3 > 2 - really.\n");
}

TEST(ToMarkdown, passes_over_what_it_cannot_say) {
  EXPECT_EQ(
      markdown(
          R"([{"insert":"red","attributes":{"color":"red","bold":null}},{"insert":"\n","attributes":{"align":"center","indent":2}}])"),
      "red\n");
  EXPECT_EQ(markdown(R"([{"insert":"x"},{"insert":"\n","attributes":{"header":99,"list":7,"indent":1e300}}])"),
            "###### x\n");
  EXPECT_EQ(markdown("[]"), "");
}

TEST(FromMarkdown, reads_each_block) {
  EXPECT_EQ(read("# T\n\na\nb\n"), R"([{"insert":"T"},{"insert":"\n","attributes":{"header":1}},{"insert":"a b\n"}])");
  EXPECT_EQ(read("* a\n\n  * b\n1. c\n- [X] d\n"),
            R"([{"insert":"a"},{"insert":"\n","attributes":{"list":"bullet"}},{"insert":"b"},)"
            R"({"insert":"\n","attributes":{"indent":1,"list":"bullet"}},{"insert":"c"},)"
            R"({"insert":"\n","attributes":{"list":"ordered"}},{"insert":"d"},)"
            R"({"insert":"\n","attributes":{"list":"checked"}}])");
  EXPECT_EQ(read("> a\n> b\n\n    code\n\n```py\nx\n\ny\n```\n---\n"),
            R"([{"insert":"a b"},{"insert":"\n","attributes":{"blockquote":true}},{"insert":"code"},)"
            R"({"insert":"\n","attributes":{"code-block":true}},{"insert":"x"},)"
            R"({"insert":"\n\n","attributes":{"code-block":"py"}},{"insert":"y"},)"
            R"({"insert":"\n","attributes":{"code-block":"py"}},{"insert":"---\n"}])");
  EXPECT_EQ(read("| a | b |\n|---|---|\n| c | d |\n"), R"([{"insert":"a | b\nc | d\n"}])");
  EXPECT_EQ(read("- a\n\n  more\n"),
            R"([{"insert":"a"},{"insert":"\n","attributes":{"list":"bullet"}},{"insert":"more"},)"
            R"({"insert":"\n","attributes":{"indent":1}}])");
  EXPECT_EQ(read(""), "[]");
}

TEST(FromMarkdown, reads_each_span) {
  EXPECT_EQ(
      read("*a* **b** ~~c~~ <u>d</u> `e` [f](g \"t\") <https://h.i> H<sub>2</sub>O ![**j** k](l)\n"),
      R"([{"insert":"a","attributes":{"italic":true}},{"insert":" "},{"insert":"b","attributes":{"bold":true}},)"
      R"({"insert":" "},{"insert":"c","attributes":{"strike":true}},{"insert":" "},)"
      R"({"insert":"d","attributes":{"underline":true}},{"insert":" "},{"insert":"e","attributes":{"code":true}},)"
      R"({"insert":" "},{"insert":"f","attributes":{"link":"g"}},{"insert":" "},)"
      R"({"insert":"https://h.i","attributes":{"link":"https://h.i"}},{"insert":" H"},)"
      R"({"insert":"2","attributes":{"script":"sub"}},{"insert":"O "},)"
      R"({"insert":{"image":"l"},"attributes":{"alt":"j k"}},{"insert":"\n"}])");
  EXPECT_EQ(read("&eacute;&#x1F600;&unknown; &copy;\n"), R"([{"insert":"é😀&unknown; ©\n"}])");
}

TEST(FromMarkdown, reads_a_hard_break_as_a_line_and_keeps_html_as_text) {
  EXPECT_EQ(read("a\\\nb<br>c\n"), R"([{"insert":"a\nb\nc\n"}])");
  EXPECT_EQ(read("<br>\n\na<br>\n\n<br><br>\n"), R"([{"insert":"\na\n\n\n"}])");
  EXPECT_EQ(read("<div>x</u></div>\n"), R"([{"insert":"<div>x</u></div>\n"}])");
  EXPECT_EQ(read("- a&#10;b <!-- c\nd -->\n"),
            R"([{"insert":"a b <!-- c d -->"},{"insert":"\n","attributes":{"list":"bullet"}}])");
  EXPECT_EQ(read("<u>open\n\nnext\n"), R"([{"insert":"open","attributes":{"underline":true}},{"insert":"\nnext\n"}])");
}

TEST(FromMarkdown, keeps_the_tabs_of_code) {
  EXPECT_EQ(read("```\n\tx\n \t\ty\n```\n- a\n\n  ```\n  \tz\n  ```\n"),
            R"([{"insert":"\tx"},{"insert":"\n","attributes":{"code-block":true}},{"insert":" \t\ty"},)"
            R"({"insert":"\n","attributes":{"code-block":true}},{"insert":"a"},)"
            R"({"insert":"\n","attributes":{"list":"bullet"}},{"insert":"\tz"},)"
            R"({"insert":"\n","attributes":{"code-block":true}}])");
}

TEST(FromMarkdown, refuses_what_is_not_utf8) {
  auto result = from_markdown("a\xff");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
}

TEST(FromMarkdown, refuses_references_that_repeat_a_long_destination) {
  std::string text = "[a]: " + std::string(200'000, 'x') + "\n\n";
  for (int i = 0; i < 100'000; ++i) text += "[a]";
  const auto begin = std::chrono::steady_clock::now();
  auto result = from_markdown(text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kTooLarge);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(FromMarkdown, takes_hostile_text_in_bounded_time) {
  for (const char* piece : {"[", "*a_ ", "> ", "- ", "<u>", "</u>", "`", "[a](", "![[](", "**a", "*a*b", "-\n1.\n", "&",
                            "<br>", "\t- a\n"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    const auto begin = std::chrono::steady_clock::now();
    if (auto result = from_markdown(text); !result) EXPECT_EQ(result.error().code, Code::kTooLarge) << piece;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << piece;
  }
}

class FormatProperties : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(FormatProperties, markdown_reads_back_as_the_document_it_was_written_from) {
  Random random(GetParam());
  for (int round = 0; round < 500; ++round) {
    const auto document = formats::testing::random_rich_document(random);
    const std::string text = to_markdown(document);
    auto back = from_markdown(text);
    ASSERT_TRUE(back);
    ASSERT_EQ(json(*back), json(document)) << "seed " << GetParam() << " round " << round << "\n" << text;
  }
}

TEST_P(FormatProperties, json_reads_back_as_the_document_it_was_written_from) {
  Random random(GetParam());
  for (int round = 0; round < 200; ++round) {
    const auto document = formats::testing::random_rich_document(random);
    auto back = delta_from_json(delta_to_json(document));
    ASSERT_TRUE(back);
    ASSERT_EQ(json(*back), json(document)) << "seed " << GetParam() << " round " << round;
  }
}

TEST_P(FormatProperties, any_text_reads_as_a_document_that_then_stays_the_same) {
  Random random(GetParam());
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t n = formats::testing::below(random, 12); n > 0; --n)
      text += formats::testing::random_text(random, 6) + (formats::testing::below(random, 3) == 0 ? "\n\n" : "\n");
    auto first = from_markdown(text);
    ASSERT_TRUE(first);
    const std::string written = to_markdown(*first);
    auto second = from_markdown(written);
    ASSERT_TRUE(second);
    EXPECT_EQ(to_plain_text(*second), to_plain_text(*first)) << "seed " << GetParam() << " round " << round << "\n"
                                                             << text;
    EXPECT_EQ(to_markdown(*second), written) << "seed " << GetParam() << " round " << round << "\n" << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FormatProperties, ::testing::Range<std::uint64_t>(1, 13));

TEST(DeltaFromJson, names_the_operation_and_the_field_that_is_wrong) {
  const auto field = [](std::string_view text) -> std::string {
    auto result = delta_from_json(text);
    if (result) return "accepted";
    EXPECT_EQ(result.error().code, Code::kInvalidArgument) << text;
    for (const auto& [name, value] : result.error().context)
      if (name == "field") return value;
    return "no field";
  };
  EXPECT_EQ(field("{}"), "content");
  EXPECT_EQ(field("[1"), "content");
  EXPECT_EQ(field("[1]"), "content[0]");
  EXPECT_EQ(field(R"([{"insert":"a"},{}])"), "content[1].insert");
  EXPECT_EQ(field(R"([{"insert":""}])"), "content[0].insert");
  EXPECT_EQ(field(R"([{"insert":5}])"), "content[0].insert");
  EXPECT_EQ(field(R"([{"insert":{"a":1,"b":2}}])"), "content[0].insert");
  EXPECT_EQ(field(R"([{"insert":"a"},{"retain":1}])"), "content[1].retain");
  EXPECT_EQ(field(R"([{"insert":"a"},{"delete":1}])"), "content[1].delete");
  EXPECT_EQ(field(R"([{"insert":"a","attributes":[]}])"), "content[0].attributes");
  EXPECT_EQ(field(R"([{"insert":"a","attributes":{"":1}}])"), "content[0].attributes");
  EXPECT_EQ(field(R"([{"insert":"a","extra":1}])"), "content[0]");
  EXPECT_EQ(field(R"([{"insert":"a","attributes":{"bold":null}}])"), "accepted");
}

TEST(DeltaFromJson, bounds_length_depth_and_number_of_values) {
  const auto code = [](const std::string& text, const DeltaLimits& limits) {
    auto result = delta_from_json(text, limits);
    return result ? std::string("accepted") : std::string(to_string(result.error().code));
  };
  EXPECT_EQ(code(R"([{"insert":"abc"}])", {.max_bytes = 10}), "too_large");
  EXPECT_EQ(code("[" + std::string(50, '[') + std::string(50, ']') + "]", {}), "too_large");
  std::string many = "[{\"insert\":{\"a\":[0";
  for (int i = 0; i < 100'000; ++i) many += ",0";
  EXPECT_EQ(code(many + "]}}]", {}), "too_large");
  std::string attributes = R"([{"insert":"a","attributes":{"a0":1)";
  for (int i = 1; i < 70; ++i) attributes += ",\"a" + std::to_string(i) + "\":1";
  EXPECT_EQ(code(attributes + "}}]", {}), "too_large");
  std::string operations = "[{\"insert\":\"a\"}";
  for (int i = 0; i < 10'000; ++i) operations += ",{\"insert\":\"a\"}";
  EXPECT_EQ(code(operations + "]", {}), "accepted");
}

TEST(PlainText, leaves_out_formats_and_embeds) {
  EXPECT_EQ(
      to_plain_text(delta(R"([{"insert":"a","attributes":{"bold":true}},{"insert":{"image":"x"}},{"insert":"b\n"}])")),
      "ab\n");
  EXPECT_EQ(json(from_plain_text("a\nb")), R"([{"insert":"a\nb"}])");
  EXPECT_TRUE(from_plain_text("").empty());
}

TEST(MatchFinalNewline, leaves_it_out_where_the_document_has_none) {
  auto target = delta(R"([{"insert":"a\n"}])");
  match_final_newline(delta(R"([{"insert":"a"}])"), target);
  EXPECT_EQ(json(target), R"([{"insert":"a"}])");
  target = delta(R"([{"insert":"a\n"}])");
  match_final_newline(delta(R"([{"insert":"b\n"}])"), target);
  EXPECT_EQ(json(target), R"([{"insert":"a\n"}])");
  target = delta(R"([{"insert":"a"},{"insert":"\n","attributes":{"header":1}}])");
  match_final_newline({}, target);
  EXPECT_EQ(to_plain_text(target), "a\n");
}

}  // namespace
}  // namespace concord::documents
