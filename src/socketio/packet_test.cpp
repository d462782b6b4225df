#include "socketio/packet.h"

#include <gtest/gtest.h>

#include "socketio/decoder.h"

namespace concord::socketio {
namespace {

using Texts = std::vector<std::string_view>;
const PacketLimits kLimits;

Packet read(std::string_view text) {
  auto packet = parse_packet(text, kLimits);
  EXPECT_TRUE(packet) << text << ": " << (packet ? "" : packet.error().message);
  return packet ? std::move(*packet) : Packet{};
}

TEST(SocketPacket, an_event_has_a_name_and_arguments) {
  const Packet plain = read(R"(2["news",1,"a,b",{"c":[true]}])");
  EXPECT_EQ(plain.type, PacketType::kEvent);
  EXPECT_EQ(plain.space, "/");
  EXPECT_FALSE(plain.id);
  EXPECT_EQ(plain.event, "news");
  EXPECT_EQ(plain.arguments, (Texts{"1", R"("a,b")", R"({"c":[true]})"}));

  const Packet asked = read(R"(2/admin?x=1,456["project:delete"])");
  EXPECT_EQ(asked.space, "/admin?x=1");
  EXPECT_EQ(asked.id, 456u);
  EXPECT_TRUE(asked.arguments.empty());
  EXPECT_EQ(read(R"(2[7,"x"])").event, "7");
}

TEST(SocketPacket, connects_may_have_data_and_disconnects_may_not) {
  EXPECT_EQ(read("0").data, "");
  EXPECT_EQ(read(R"(0{"token":"123"})").data, R"({"token":"123"})");
  EXPECT_EQ(read("0/random").space, "/random");
  EXPECT_EQ(read(R"(0/admin,{})").data, "{}");
  EXPECT_EQ(read("1").type, PacketType::kDisconnect);
  EXPECT_EQ(read("1/admin,").space, "/admin");
}

TEST(SocketPacket, acknowledgements_have_an_id) {
  const Packet ack = read(R"(3/admin,456["done",2])");
  EXPECT_EQ(ack.id, 456u);
  EXPECT_EQ(ack.arguments, (Texts{R"("done")", "2"}));
}

TEST(SocketPacket, what_the_protocol_does_not_allow_is_refused) {
  for (const std::string_view text : {"",
                                      "7",
                                      "x",
                                      "abc",
                                      "2",
                                      "2[]",
                                      "2{}",
                                      "2[true]",
                                      R"(2["disconnect"])",
                                      R"(2["newListener"])",
                                      R"(2["a")",
                                      "3[]",
                                      "31{}",
                                      "0[]",
                                      "0x",
                                      "1[]",
                                      "4",
                                      "4[]",
                                      "5[\"a\"]",
                                      "5-[\"a\"]",
                                      "50-[\"a\"]",
                                      "51[\"a\"]",
                                      "51.5-[\"a\"]",
                                      "2[\"a\"]x"})
    EXPECT_EQ(parse_packet(text, kLimits).error().code, Code::kInvalidArgument) << text;
}

TEST(SocketPacket, limits_hold_and_are_named) {
  const PacketLimits limits{
      .max_namespace_bytes = 3, .max_name_bytes = 4, .max_attachments = 2, .json = {.max_depth = 2}};
  EXPECT_TRUE(parse_packet(R"(2["abcd"])", limits));
  const auto refused = [&limits](std::string_view text) {
    const auto packet = parse_packet(text, limits);
    EXPECT_FALSE(packet) << text;
    return packet.error();
  };
  EXPECT_EQ(refused(R"(2["abcde"])").context.front().second, "event");
  EXPECT_EQ(refused(R"(2["abcdefghijklmnopqrstuvwxyz0123"])").context.front().second, "event");
  EXPECT_EQ(refused("0/abc").context.front().second, "namespace");
  EXPECT_EQ(refused(R"(53-["a"])").context.front().second, "attachments");
  EXPECT_EQ(refused(R"(2["a",[[]]])").code, Code::kTooLarge);
  EXPECT_EQ(refused(R"(29007199254740992["a"])").context.front().second, "id");
  EXPECT_TRUE(parse_packet(R"(29007199254740991["a"])", limits));
}

TEST(SocketPacket, is_written_as_clients_read_it) {
  EXPECT_EQ(event_packet("news", R"(1,"two")"), R"(2["news",1,"two"])");
  EXPECT_EQ(event_packet("a\"b", ""), R"(2["a\"b"])");
  EXPECT_EQ(ack_packet(12, "{}"), "312[{}]");
  EXPECT_EQ(ack_packet(0, ""), "30[]");
  EXPECT_EQ(connect_packet("/", R"({"sid":"x"})"), R"(0{"sid":"x"})");
  EXPECT_EQ(connect_error_packet("/random", "Invalid namespace", ""), R"(4/random,{"message":"Invalid namespace"})");
  EXPECT_EQ(connect_error_packet("/", "no", "[1]"), R"(4{"message":"no","data":[1]})");
  EXPECT_EQ(disconnect_packet("/"), "1");
}

TEST(SocketDecoder, a_packet_is_whole_with_its_last_attachment) {
  Decoder decoder(kLimits, 10);
  std::string text = R"(52-7["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  EXPECT_EQ(decoder.add(text).value(), nullptr);
  text.assign(text.size(), '!');  // nothing points into it
  EXPECT_EQ(decoder.add(Bytes{1, 2}).value(), nullptr);
  const Packet* packet = decoder.add(Bytes{3}).value();
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->event, "file");
  EXPECT_EQ(packet->id, 7u);
  EXPECT_EQ(packet->arguments.back(), R"({"_placeholder":true,"num":1})");
  EXPECT_EQ(decoder.attachments(), (std::vector<Bytes>{{1, 2}, {3}}));

  ASSERT_NE(decoder.add(R"(2["next"])").value(), nullptr);
  EXPECT_TRUE(decoder.attachments().empty());
}

TEST(SocketDecoder, what_comes_out_of_turn_is_refused) {
  Decoder bytes(kLimits, 10);
  EXPECT_EQ(bytes.add(Bytes{1}).error().code, Code::kInvalidArgument);
  Decoder text(kLimits, 10);
  ASSERT_TRUE(text.add(R"(51-["file",{"_placeholder":true,"num":0}])"));
  EXPECT_EQ(text.add(R"(2["other"])").error().code, Code::kInvalidArgument);
  Decoder large(kLimits, 3);
  ASSERT_TRUE(large.add(R"(52-["file"])"));
  ASSERT_TRUE(large.add(Bytes{1, 2}));
  EXPECT_EQ(large.add(Bytes{3, 4}).error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace concord::socketio
