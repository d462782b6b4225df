#include "json/elements.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "json/writer.h"

namespace concord::json {
namespace {

using Texts = std::vector<std::string_view>;

TEST(Elements, stay_the_text_that_they_came_as) {
  EXPECT_EQ(elements(R"( [1 , "a,]\"[",{"b":[1,{"c":2}],"d":"}"}, [] ,null])").value(),
            (Texts{"1", R"("a,]\"[")", R"({"b":[1,{"c":2}],"d":"}"})", "[]", "null"}));
  EXPECT_EQ(elements("[]").value(), Texts{});
  EXPECT_EQ(elements("[ ]\n").value(), Texts{});
  EXPECT_EQ(elements(R"(["\\","\\\""])").value(), (Texts{R"("\\")", R"("\\\"")"}));
}

TEST(Elements, what_is_no_array_or_malformed_is_refused) {
  for (const std::string_view text : {"", "{}", "1", "[", "[1,]", "[1]x", "[1][2]", "[01]", "[\"\xff\"]", "[/*1*/]"}) {
    const auto found = elements(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, Code::kInvalidArgument) << text;
  }
}

TEST(Elements, limits_hold) {
  EXPECT_EQ(elements("[1,2,3]", {.max_bytes = 6}).error().code, Code::kTooLarge);
  EXPECT_TRUE(elements("[1,2,3]", {.max_bytes = 7, .max_values = 4}));
  EXPECT_EQ(elements("[1,2,3]", {.max_values = 3}).error().code, Code::kTooLarge);
  EXPECT_TRUE(elements("[[[]]]", {.max_depth = 3}));
  EXPECT_EQ(elements("[[[]]]", {.max_depth = 2}).error().code, Code::kTooLarge);
}

TEST(Elements, of_what_a_writer_wrote_are_what_went_into_it) {
  testing::for_each_seed(300, [](testing::Random& random) {
    std::vector<std::string> parts;
    Writer out;
    out.begin_array();
    for (std::uint64_t left = testing::pick(random, 0, 5); left > 0; --left) {
      Bytes bytes = testing::pick_bytes(random, 20);
      for (std::uint8_t& byte : bytes) byte &= 0x7fU;
      Writer part;
      part.begin_object().field("t", as_text(bytes)).key(as_text(bytes)).begin_array().integer(7).end().end();
      parts.push_back(std::move(part).take());
      out.raw(parts.back());
    }
    out.end();
    const std::string text = std::move(out).take();
    const auto found = elements(text);
    ASSERT_TRUE(found) << text;
    ASSERT_EQ(found->size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ((*found)[i], parts[i]);
  });
}

TEST(Members, have_names_and_the_text_of_their_values) {
  const auto found = members(R"( {"a" : [1,{"b":2}], "c,\"":"x:y" ,"d":{}} )");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].name, "a");
  EXPECT_EQ((*found)[0].value, R"([1,{"b":2}])");
  EXPECT_EQ((*found)[1].name, R"(c,\")");
  EXPECT_EQ((*found)[1].value, R"("x:y")");
  EXPECT_EQ((*found)[2].value, "{}");
  EXPECT_TRUE(members("{}")->empty());
  EXPECT_FALSE(members("[]"));
  EXPECT_FALSE(members(R"({"a"})"));
}

TEST(Unquoted, is_what_a_string_stands_for) {
  EXPECT_EQ(unquoted(R"("a\u00e9\n\"")").value(), "aé\n\"");
  EXPECT_FALSE(unquoted("1"));
  EXPECT_FALSE(unquoted(R"("a" "b")"));
  EXPECT_FALSE(unquoted("[\"a\"]"));
}

}  // namespace
}  // namespace concord::json
