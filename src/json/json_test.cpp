#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "base/property_testing.h"
#include "base/varint.h"
#include "json/object.h"
#include "json/writer.h"

namespace concord::json {
namespace {

std::string fact(const Error& error, std::string_view name) {
  for (const auto& [key, value] : error.context)
    if (key == name) return value;
  return "";
}

Object parsed(std::string_view text) {
  auto object = Object::parse(text);
  EXPECT_TRUE(object) << text;
  return std::move(object.value());
}

TEST(Object, required_fields_are_read_with_their_types) {
  const Object object = parsed(R"({"name":"Ada é😀","age":36,"admin":false})");
  EXPECT_EQ(object.text("name", {.most = 100}).value(), "Ada \u00e9\U0001F600");
  EXPECT_EQ(object.integer("age", 0, 200).value(), 36);
  EXPECT_FALSE(object.boolean("admin").value());
  EXPECT_EQ(object.size(), 3U);
}

TEST(Object, an_optional_field_may_be_absent_or_null) {
  const Object object = parsed(R"({"a":null,"n":7,"t":"x","b":true})");
  EXPECT_EQ(object.optional_text("a", {}).value(), std::nullopt);
  EXPECT_EQ(object.optional_text("z", {}).value(), std::nullopt);
  EXPECT_EQ(object.optional_text("t", {}).value(), "x");
  EXPECT_EQ(object.optional_integer("a", 0, 1).value(), std::nullopt);
  EXPECT_EQ(object.optional_integer("n", 0, 9).value(), 7);
  EXPECT_EQ(object.optional_boolean("z").value(), std::nullopt);
  EXPECT_EQ(object.optional_boolean("b").value(), true);
  EXPECT_FALSE(object.has("a"));
  EXPECT_TRUE(object.has("n"));
  EXPECT_NE(object.raw("a"), nullptr);
  EXPECT_EQ(object.raw("z"), nullptr);
  EXPECT_EQ(object.raw("n")->as_int64(), 7);
}

TEST(Object, an_object_within_is_read_the_same_way) {
  const Object object = parsed(R"({"user":{"name":"Ada"},"list":[]})");
  EXPECT_EQ(object.object("user").value().text("name", {}).value(), "Ada");
  EXPECT_EQ(object.object("list").error().message, "'list' must be an object, not an array");
  EXPECT_EQ(object.object("gone").error().message, "'gone' is required");
}

TEST(Object, an_optional_field_of_the_wrong_type_is_still_an_error) {
  const Object object = parsed(R"({"a":[1],"b":"yes"})");
  EXPECT_EQ(object.optional_text("a", {}).error().message, "'a' must be a string, not an array");
  EXPECT_EQ(object.optional_boolean("b").error().message, "'b' must be true or false, not a string");
  EXPECT_EQ(object.optional_integer("b", 0, 1).error().message, "'b' must be an integer, not a string");
}

TEST(Object, an_error_names_field_limit_and_value) {
  const Object object =
      parsed(R"({"name":"abcdef","count":11,"low":-3,"big":18446744073709551615,"part":1.5,"exp":1e2})");
  const Error length = object.text("name", {.most = 5}).error();
  EXPECT_EQ(length.code, Code::kInvalidArgument);
  EXPECT_EQ(fact(length, "field"), "name");
  EXPECT_EQ(fact(length, "limit"), "5");
  EXPECT_EQ(fact(length, "value"), "abcdef");
  const Error count = object.integer("count", 1, 10).error();
  EXPECT_EQ(fact(count, "field"), "count");
  EXPECT_EQ(fact(count, "limit"), "10");
  EXPECT_EQ(fact(count, "value"), "11");
  const Error low = object.integer("low", 0, 10).error();
  EXPECT_EQ(fact(low, "limit"), "0");
  EXPECT_EQ(fact(low, "value"), "-3");
  EXPECT_EQ(fact(object.integer("big", 0, 10).error(), "value"), "18446744073709551615");
  EXPECT_FALSE(object.integer("part", 0, 10));
  EXPECT_FALSE(object.integer("exp", 0, 1000));
  EXPECT_EQ(fact(object.text("gone", {}).error(), "field"), "gone");
  EXPECT_EQ(object.text("gone", {}).error().message, "'gone' is required");
}

TEST(Object, a_secret_value_is_never_repeated) {
  const Object object = parsed(R"({"password":"hunter2"})");
  const Error error = object.text("password", {.least = 8, .most = 1024, .secret = true}).error();
  EXPECT_EQ(error.message.find("hunter2"), std::string::npos);
  for (const auto& [name, value] : error.context) EXPECT_EQ(value.find("hunter2"), std::string::npos) << name;
  EXPECT_EQ(fact(error, "limit"), "8");
}

TEST(Object, a_long_value_is_cut_in_errors_between_characters) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\u20ac";
  const Object object = parsed("{\"name\":\"" + name + "\"}");
  const std::string value = fact(object.text("name", {.most = 10}).error(), "value");
  EXPECT_LT(value.size(), 90U);
  EXPECT_TRUE(is_valid_utf8(value));
}

TEST(Object, control_characters_are_refused_unless_asked_for) {
  const Object object = parsed(R"({"a":"x\u0000y","b":"x\ny","c":"x\u007fy"})");
  for (const char* field : {"a", "b", "c"}) {
    EXPECT_FALSE(object.text(field, {})) << field;
    EXPECT_EQ(object.text(field, {.any_character = true}).value().size(), 3U) << field;
  }
}

struct BadText {
  const char* name;
  std::string text;
};

TEST(Object, malformed_text_is_refused) {
  const BadText cases[] = {
      {"empty", ""},
      {"blank", "  "},
      {"array", "[]"},
      {"string", "\"x\""},
      {"null", "null"},
      {"open", R"({"a":1)"},
      {"trailing comma", R"({"a":1,})"},
      {"two", R"({"a":1}{"b":2})"},
      {"garbage behind", R"({"a":1} x)"},
      {"comment", R"({"a":1/*x*/})"},
      {"single quotes", "{'a':1}"},
      {"bare name", "{a:1}"},
      {"nan", R"({"a":NaN})"},
      {"leading zero", R"({"a":01})"},
      {"bad utf-8", "{\"a\":\"\xff\"}"},
      {"overlong utf-8", "{\"a\":\"\xc0\xaf\"}"},
      {"lone surrogate", R"({"a":"\ud800"})"},
      {"raw control", "{\"a\":\"\x01\"}"},
      {"byte order mark", "\xef\xbb\xbf{}"},
      {"same name twice", R"({"a":1,"a":2})"},
      {"same name escaped", R"({"a":1,"\u0061":2})"},
      {"same name twice below", R"({"x":[{"a":1,"b":{"a":1},"a":2}]})"},
      {"same name twice in what is dropped", R"({"x":{"a":1,"a":2},"x":3})"},
  };
  for (const auto& c : cases) {
    auto object = Object::parse(c.text);
    ASSERT_FALSE(object) << c.name;
    EXPECT_EQ(object.error().code, Code::kInvalidArgument) << c.name;
    EXPECT_EQ(fact(object.error(), "field"), "body") << c.name;
  }
  EXPECT_TRUE(Object::parse(" {\"a\" : {\"a\":[{},{}]}}\r\n"));
  EXPECT_TRUE(Object::parse("{}"));
}

TEST(Object, each_limit_is_enforced_and_named) {
  const Limits limits{.max_bytes = 100, .max_values = 6, .max_depth = 3};
  EXPECT_TRUE(Object::parse(R"({"a":[1,2,3,4]})", limits));
  const std::pair<std::string, std::string> cases[] = {
      {R"({"a":")" + std::string(100, 'x') + R"("})", "100"},
      {R"({"a":[1,2,3,4,5]})", "6"},
      {R"({"a":[[[1]]]})", "3"},
  };
  for (const auto& [text, limit] : cases) {
    auto object = Object::parse(text, limits);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().code, Code::kTooLarge) << text;
    EXPECT_EQ(fact(object.error(), "limit"), limit) << text;
  }
  EXPECT_EQ(Object::parse(std::string(60'000, '[')).error().code, Code::kTooLarge);
}

TEST(Writer, text_reads_back_as_it_was_written) {
  Writer out;
  out.begin_object()
      .field("name", "a \"quoted\" \\ name\n\t\x01\x7f")
      .field("count", -42)
      .field("yes", true)
      .key("list")
      .begin_array()
      .integer(1)
      .text("two")
      .null()
      .begin_object()
      .end()
      .begin_array()
      .end()
      .end()
      .key("raw")
      .raw(R"({"x":1})")
      .end();
  const std::string text = std::move(out).take();
  EXPECT_EQ(text, R"({"name":"a \"quoted\" \\ name\n\t\u0001\u007f","count":-42,"yes":true,)"
                  R"("list":[1,"two",null,{},[]],"raw":{"x":1}})");
  const Object object = parsed(text);
  EXPECT_EQ(object.text("name", {.any_character = true}).value(), "a \"quoted\" \\ name\n\t\x01\x7f");
}

TEST(Writer, bytes_that_are_not_utf8_become_the_replacement_character) {
  std::string out;
  append_quoted(out, "a\xff\xc3(\xe2\x82\xac\xf0\x9f\x98");
  EXPECT_EQ(out, "\"a\ufffd\ufffd(\u20ac\ufffd\ufffd\ufffd\"");
}

TEST(Writer, any_string_survives_a_round_trip) {
  testing::for_each_seed(500, [](testing::Random& random) {
    Bytes bytes = testing::pick_bytes(random, 40);
    if (random() % 2 == 0)
      for (std::uint8_t& byte : bytes) byte &= 0x7fU;
    const std::string value(as_text(bytes));
    Writer out;
    out.begin_object().field("v", value).end();
    const Object object = parsed(std::move(out).take());
    const std::string back = object.text("v", {.most = 1000, .any_character = true}).value();
    if (is_valid_utf8(value)) EXPECT_EQ(back, value);
    EXPECT_TRUE(is_valid_utf8(back));
  });
}

}  // namespace
}  // namespace concord::json
