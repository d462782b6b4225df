#include "redis/resp.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord::redis {
namespace {

using Kind = RespValue::Kind;
using namespace std::string_view_literals;
using testing::pick;
using testing::Random;

struct Decoded {
  std::vector<RespValue> values;
  std::optional<Code> failure;
  bool operator==(const Decoded&) const = default;
};

/// Decodes what comes in pieces of at most so many bytes.
Decoded decode(std::string_view text, std::size_t piece = 1U << 20U, RespLimits limits = {}) {
  RespDecoder decoder(limits);
  Decoded out;
  for (ByteView all = as_bytes(text); !all.empty();) {
    ByteView input = all.first(std::min(piece, all.size()));
    all = all.subspan(input.size());
    while (!input.empty()) {
      auto value = decoder.next(input);
      if (!value) {
        out.failure = value.error().code;
        return out;
      }
      if (*value) out.values.push_back(std::move(**value));
    }
  }
  return out;
}

RespValue one(std::string_view text) {
  const Decoded decoded = decode(text);
  EXPECT_EQ(decoded.failure, std::nullopt) << text;
  EXPECT_EQ(decoded.values.size(), 1U) << text;
  return decoded.values.empty() ? RespValue() : decoded.values.front();
}

RespValue text_of(Kind kind, std::string_view text) { return {.kind = kind, .bytes = to_bytes(text)}; }
RespValue number(std::int64_t value) { return {.kind = Kind::kInteger, .integer = value}; }

TEST(RespDecoder, reads_each_kind_of_value) {
  EXPECT_EQ(one("+OK\r\n"), text_of(Kind::kText, "OK"));
  EXPECT_EQ(one("-ERR no\r\n"), text_of(Kind::kError, "ERR no"));
  EXPECT_EQ(one("!5\r\na\r\nbc\r\n"), text_of(Kind::kError, "a\r\nbc"));
  EXPECT_EQ(one(":-9223372036854775808\r\n"), number(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(one(":+7\r\n"), number(7));
  EXPECT_EQ(one("#t\r\n"), number(1));
  EXPECT_EQ(one("#f\r\n"), number(0));
  EXPECT_EQ(one(",1.5\r\n"), text_of(Kind::kText, "1.5"));
  EXPECT_EQ(one("(3492890328409238509324850943850943825024385\r\n").text(),
            "3492890328409238509324850943850943825024385");
  EXPECT_EQ(one("$0\r\n\r\n"), text_of(Kind::kBulk, ""));
  EXPECT_EQ(one("$4\r\n\r\n\r\n\r\n"), text_of(Kind::kBulk, "\r\n\r\n"));
  EXPECT_EQ(one("=8\r\ntxt:a\r\nb\r\n"), text_of(Kind::kBulk, "a\r\nb"));
  for (const std::string_view null : {"_\r\n", "$-1\r\n", "*-1\r\n"}) EXPECT_EQ(one(null), RespValue()) << null;
}

TEST(RespDecoder, reads_values_within_values) {
  const RespValue list = one("*3\r\n:1\r\n*1\r\n$1\r\na\r\n*0\r\n");
  ASSERT_EQ(list.items.size(), 3U);
  EXPECT_EQ(list.items[1].items[0].text(), "a");
  EXPECT_EQ(list.items[2].kind, Kind::kArray);

  const RespValue map = one("%2\r\n+mode\r\n$7\r\ncluster\r\n+proto\r\n:3\r\n");
  ASSERT_NE(map.find("mode"), nullptr);
  EXPECT_EQ(map.find("mode")->text(), "cluster");
  EXPECT_EQ(map.find("proto")->integer, 3);
  EXPECT_EQ(map.find("cluster"), nullptr);

  const RespValue push = one(">3\r\n+message\r\n$1\r\nc\r\n$2\r\nhi\r\n");
  EXPECT_EQ(push.kind, Kind::kPush);
  EXPECT_EQ(push.items[2].text(), "hi");
  EXPECT_EQ(one("~2\r\n:1\r\n:2\r\n").items.size(), 2U);
}

TEST(RespDecoder, drops_what_is_said_of_a_value) {
  EXPECT_EQ(one("|1\r\n+ttl\r\n:3\r\n+OK\r\n"), text_of(Kind::kText, "OK"));
  EXPECT_EQ(one("*2\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n:2\r\n").items[1], number(2));
  EXPECT_EQ(one("|0\r\n:1\r\n"), number(1));
}

TEST(RespDecoder, refuses_what_is_none) {
  for (const std::string_view text : {"\r\n",
                                      "OK\r\n",
                                      "+OK\n",
                                      ":\r\n",
                                      ":1a\r\n",
                                      ":9223372036854775808\r\n",
                                      "#x\r\n",
                                      "_x\r\n",
                                      "$-2\r\n",
                                      "$x\r\n",
                                      "$1\r\nab\r\n",
                                      "=3\r\nabc\r\n",
                                      "=5\r\nabcde\r\n",
                                      "=-1\r\n",
                                      "*-2\r\n",
                                      "%-1\r\n",
                                      "*1\r\n>1\r\n+a\r\n",
                                      "$?\r\n",
                                      "*?\r\n",
                                      "HTTP/1.1 400 Bad Request\r\n"})
    EXPECT_EQ(decode(text).failure, Code::kCorrupt) << text;
}

TEST(RespDecoder, refuses_what_is_over_a_limit_as_soon_as_it_is_announced) {
  const RespLimits limits{
      .line_bytes = 16, .bulk_bytes = 100, .value_bytes = 10 * RespLimits::kElementBytes, .depth = 3};
  EXPECT_EQ(decode("+01234567890123456", 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("$101\r\n", 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("*11\r\n", 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("%6\r\n", 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("*1\r\n*1\r\n*1\r\n*1\r\n", 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("*9223372036854775807\r\n", 1, limits).failure, Code::kTooLarge);
  std::string many = "*9\r\n";
  for (int i = 0; i < 9; ++i) many += "$90\r\n" + std::string(90, 'x') + "\r\n";
  EXPECT_EQ(decode(many, 1, limits).failure, Code::kTooLarge);
  EXPECT_EQ(decode("*9\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", 1, limits).failure,
            std::nullopt);
  std::string in_turn;  // each value has the whole limit
  for (int i = 0; i < 50; ++i) in_turn += "$90\r\n" + std::string(90, 'x') + "\r\n";
  EXPECT_EQ(decode(in_turn, 7, limits).values.size(), 50U);
}

/// A value as a server would write it.
std::string pick_value(Random& random, unsigned depth) {
  const auto line = [&] { return std::string(pick(random, 0, 5), 'l') + "\r\n"; };
  const auto bulk = [&](std::string_view format) {
    const Bytes bytes = testing::pick_bytes(random, 40);
    return std::to_string(bytes.size() + format.size()) + "\r\n" + std::string(format) + std::string(as_text(bytes)) +
           "\r\n";
  };
  const auto several = [&](char type, std::size_t each) {
    const std::uint64_t count = pick(random, 0, 4);
    std::string out = type + std::to_string(count) + "\r\n";
    for (std::uint64_t i = 0; i < count * each; ++i) out += pick_value(random, depth + 1);
    return out;
  };
  switch (pick(random, 0, depth < 4 ? 11 : 6)) {
    case 0:
      return "+" + line();
    case 1:
      return "-" + line();
    case 2:
      return ":" + std::to_string(static_cast<std::int64_t>(random())) + "\r\n";
    case 3:
      return "$" + bulk("");
    case 4:
      return "=" + bulk("txt:");
    case 5:
      return "_\r\n";
    case 6:
      return "#t\r\n";
    case 7:
      return several('*', 1);
    case 8:
      return several('~', 1);
    case 9:
      return several('%', 2);
    case 10:
      return several('|', 2) + pick_value(random, depth + 1);
    default:
      return depth == 0 ? several('>', 1) : several('*', 1);
  }
}

TEST(RespDecoder, any_split_of_what_comes_gives_the_same_values) {
  testing::for_each_seed(300, [](Random& random) {
    std::string text;
    const std::uint64_t count = pick(random, 1, 6);
    for (std::uint64_t i = 0; i < count; ++i) text += pick_value(random, 0);
    const Decoded whole = decode(text);
    EXPECT_EQ(whole.failure, std::nullopt) << text;
    EXPECT_EQ(whole.values.size(), count);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{pick(random, 4, 64)}})
      EXPECT_EQ(decode(text, piece), whole) << piece;
  });
}

TEST(RespDecoder, any_split_of_damaged_input_fails_the_same) {
  testing::for_each_seed(500, [](Random& random) {
    std::string text = pick_value(random, 0) + pick_value(random, 0) + pick_value(random, 0);
    for (std::uint64_t i = pick(random, 1, 4); i > 0; --i)
      text[pick(random, 0, text.size() - 1)] = static_cast<char>(pick(random, 0, 255));
    const Decoded whole = decode(text);
    EXPECT_EQ(decode(text, 1), whole);
    EXPECT_EQ(decode(text, pick(random, 2, 20)), whole);
  });
}

TEST(RespCommand, is_an_array_of_its_words) {
  RespCommand command{"SET", "k"};
  command.add(as_bytes(std::string_view("a\r\n\0", 4))).add(-12).add("");
  Bytes out;
  command.write(out);
  const std::string_view expected = "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\n\0\r\n$3\r\n-12\r\n$0\r\n\r\n"sv;
  EXPECT_EQ(as_text(out), expected);
  const RespValue read = one(as_text(out));
  ASSERT_EQ(read.items.size(), 5U);
  EXPECT_EQ(read.items[2].text(), std::string_view("a\r\n\0", 4));
}

}  // namespace
}  // namespace concord::redis
