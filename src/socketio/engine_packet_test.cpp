#include "socketio/engine_packet.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord::socketio {
namespace {

using namespace std::string_literals;

TEST(EnginePacket, every_type_is_read_with_its_text) {
  for (int type = 0; type <= 6; ++type) {
    const std::string text = std::to_string(type) + "probe";
    const auto packet = parse_engine_packet(text);
    ASSERT_TRUE(packet) << text;
    EXPECT_EQ(static_cast<int>(packet->type), type);
    EXPECT_EQ(packet->text, "probe");
    EXPECT_FALSE(packet->bytes);
    EXPECT_EQ(engine_packet(packet->type, packet->text), text);
  }
}

TEST(EnginePacket, bytes_come_as_base64_with_padding_or_without) {
  EXPECT_EQ(parse_engine_packet("bAQIDBA==")->bytes, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(parse_engine_packet("bAQIDBA")->bytes, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(parse_engine_packet("b")->bytes, Bytes{});
  EXPECT_EQ(base64_packet(Bytes{1, 2, 3, 4}), "bAQIDBA==");
  EXPECT_EQ(base64_packet(Bytes{1, 2, 3}), "bAQID");
  EXPECT_EQ(base64_packet(Bytes{}), "b");
}

TEST(EnginePacket, what_is_none_is_refused) {
  for (const std::string_view text : {"", "7", "a", "abc", "b*", "bA", "bAQIDBA===", "bAQID=BA=", "4\xff"})
    EXPECT_EQ(parse_engine_packet(text).error().code, Code::kInvalidArgument) << text;
}

TEST(EnginePayload, is_packets_with_separators_between) {
  const std::string payload = "4a\x1e"s + "bAQID\x1e" + "2";
  const auto packets = parse_payload(payload, 3);
  ASSERT_TRUE(packets);
  ASSERT_EQ(packets->size(), 3u);
  EXPECT_EQ((*packets)[0].text, "a");
  EXPECT_EQ((*packets)[1].bytes, (Bytes{1, 2, 3}));
  EXPECT_EQ((*packets)[2].type, EngineType::kPing);
}

TEST(EnginePayload, nothing_between_separators_is_refused_and_so_is_too_much) {
  for (const std::string& payload : {""s, "\x1e"s, "4a\x1e"s, "\x1e"s + "4a", "4a\x1e\x1e"s + "4b"})
    EXPECT_EQ(parse_payload(payload, 10).error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_payload("2\x1e"s + "2\x1e" + "2", 2).error().code, Code::kTooLarge);
}

TEST(EnginePayload, any_packets_survive_a_round_trip) {
  testing::for_each_seed(500, [](testing::Random& random) {
    std::string payload;
    std::vector<std::pair<std::string, std::optional<Bytes>>> sent;
    for (std::uint64_t left = testing::pick(random, 1, 5); left > 0; --left) {
      Bytes bytes = testing::pick_bytes(random, 30);
      if (random() % 2 == 0) {
        append_to_payload(payload, base64_packet(bytes));
        sent.emplace_back("", bytes);
      } else {
        for (std::uint8_t& byte : bytes) byte = byte % 95 + 32;
        append_to_payload(payload, engine_packet(EngineType::kMessage, as_text(bytes)));
        sent.emplace_back(as_text(bytes), std::nullopt);
      }
    }
    const auto packets = parse_payload(payload, 5);
    ASSERT_TRUE(packets);
    ASSERT_EQ(packets->size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ((*packets)[i].text, sent[i].first);
      EXPECT_EQ((*packets)[i].bytes, sent[i].second);
    }
  });
}

}  // namespace
}  // namespace concord::socketio
