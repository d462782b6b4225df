#include "redis/slot_map.h"

#include <gtest/gtest.h>

namespace concord::redis {
namespace {

using Kind = RespValue::Kind;

const Endpoint kAsked{"10.0.0.9", 7009};

RespValue decoded(std::string_view text) {
  RespDecoder decoder;
  ByteView input = as_bytes(text);
  return decoder.next(input).value().value();
}

RespValue error(std::string_view text) { return {.kind = Kind::kError, .bytes = to_bytes(text)}; }

TEST(KeySlot, is_that_of_the_specification) {
  EXPECT_EQ(key_slot("123456789"), 0x31c3 % kKeySlots);
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("foo"), 12'182);
  EXPECT_EQ(key_slot("somekey"), 11'058);
}

TEST(KeySlot, is_that_of_the_hash_tag_where_there_is_one) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("{user1000}.followers"));
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{}{bar}"), key_slot("bar"));
  EXPECT_NE(key_slot("a{b"), key_slot("b"));
}

TEST(SlotMap, knows_the_owner_of_each_slot) {
  SlotMap map;
  EXPECT_EQ(map.owner(0), nullptr);
  const RespValue slots = decoded(
      "*2\r\n"
      "*4\r\n:0\r\n:5460\r\n*4\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n*0\r\n*3\r\n$9\r\n127.0.0.1\r\n:7003\r\n$"
      "2\r\nid\r\n"
      "*3\r\n:5461\r\n:16383\r\n*3\r\n$0\r\n\r\n:7001\r\n$2\r\nid\r\n");
  ASSERT_TRUE(map.read(slots, kAsked));
  EXPECT_EQ(*map.owner(0), (Endpoint{"127.0.0.1", 7000}));
  EXPECT_EQ(*map.owner(5460), (Endpoint{"127.0.0.1", 7000}));
  EXPECT_EQ(*map.owner(5461), (Endpoint{"10.0.0.9", 7001}))
      << "one that does not know its own host is where it was asked";
  EXPECT_EQ(map.owners().size(), 2U);
  map.set_owner(5460, {"127.0.0.1", 7005});
  EXPECT_EQ(map.owner(5460)->port, 7005);
  EXPECT_EQ(map.owner(5459)->port, 7000);
  EXPECT_EQ(map.owners().size(), 3U);
  ASSERT_TRUE(map.read(decoded("*0\r\n"), kAsked));
  EXPECT_EQ(map.owner(5460), nullptr);
}

TEST(SlotMap, an_answer_that_is_none_changes_nothing) {
  SlotMap map;
  map.set_owner(7, kAsked);
  for (const std::string_view text :
       {"+OK\r\n", "*1\r\n:1\r\n", "*1\r\n*1\r\n:1\r\n", "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n+h\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n+h\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n+h\r\n:65536\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n+h\r\n"}) {
    EXPECT_FALSE(map.read(decoded(text), kAsked)) << text;
    EXPECT_EQ(*map.owner(7), kAsked);
  }
}

TEST(Advice, says_where_a_call_belongs) {
  const Advice moved = advice_in(error("MOVED 3999 127.0.0.1:6381"), kAsked);
  EXPECT_EQ(moved.kind, Advice::Kind::kMoved);
  EXPECT_EQ(moved.to, (Endpoint{"127.0.0.1", 6381}));
  EXPECT_EQ(advice_in(error("ASK 3999 ::1:6381"), kAsked).to, (Endpoint{"::1", 6381}));
  EXPECT_EQ(advice_in(error("ASK 3999 ::1:6381"), kAsked).kind, Advice::Kind::kAsk);
  EXPECT_EQ(advice_in(error("MOVED 3999 :6381"), kAsked).to, (Endpoint{"10.0.0.9", 6381}));
  for (const std::string_view bad :
       {"MOVED", "MOVED 3999", "MOVED 3999 h", "MOVED 3999 h:0", "MOVED 3999 ?:6381", "ASK 1 h:x"})
    EXPECT_EQ(advice_in(error(bad), kAsked).kind, Advice::Kind::kTryAgain) << bad;
}

TEST(Advice, says_whether_to_try_again) {
  for (const std::string_view again :
       {"TRYAGAIN Multiple keys", "CLUSTERDOWN The cluster is down", "LOADING Redis is loading"})
    EXPECT_EQ(advice_in(error(again), kAsked).kind, Advice::Kind::kTryAgain) << again;
  EXPECT_EQ(advice_in(error("NOSCRIPT No matching script"), kAsked).kind, Advice::Kind::kNoScript);
  EXPECT_EQ(advice_in(error("ERR syntax error"), kAsked).kind, Advice::Kind::kNone);
  EXPECT_EQ(advice_in({.kind = Kind::kBulk, .bytes = to_bytes("MOVED 1 h:1")}, kAsked).kind, Advice::Kind::kNone);
}

}  // namespace
}  // namespace concord::redis
