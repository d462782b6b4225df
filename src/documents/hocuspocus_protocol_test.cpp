#include "documents/hocuspocus_protocol.h"

#include <gtest/gtest.h>

#include <string>

#include "base/varint.h"
#include "net/frame.h"

namespace concord::documents::hocuspocus {
namespace {

/// The payload of a short server frame.
std::string hex_of(const net::Frame& frame) {
  const Bytes& bytes = *frame;
  EXPECT_EQ(bytes[0], 0x82);
  EXPECT_EQ(bytes[1], bytes.size() - 2);
  return to_hex(ByteView(bytes).subspan(2));
}

Bytes body(std::initializer_list<std::uint8_t> bytes) { return bytes; }

std::string why_not(const Bytes& bytes) {
  const auto message = parse(bytes);
  EXPECT_FALSE(message);
  if (message) return "";
  EXPECT_EQ(message.error().code, Code::kInvalidArgument);
  return message.error().message;
}

TEST(HocuspocusProtocol, what_the_hub_says_has_these_bytes) {
  const Bytes update{0, 0};
  EXPECT_EQ(hex_of(state_vector_frame("d", Bytes{0})), "016400000100");
  EXPECT_EQ(hex_of(answer_frame("d", update)), "01640001020000");
  EXPECT_EQ(hex_of(update_frame("d", update)), "01640002020000");
  EXPECT_EQ(hex_of(awareness_frame("d", Bytes{0})), "0164010100");
  EXPECT_EQ(hex_of(authenticated_frame("d", true)), "016402020a726561642d7772697465");
  EXPECT_EQ(hex_of(authenticated_frame("d", false)), "0164020208726561646f6e6c79");
  EXPECT_EQ(hex_of(denied_frame("d", "no")), "01640201026e6f");
  EXPECT_EQ(hex_of(token_wanted_frame("d")), "01640200");
  EXPECT_EQ(hex_of(stateless_frame("d", "hi")), "016405026869");
  EXPECT_EQ(hex_of(close_frame("d", "so")), "01640702736f");
  EXPECT_EQ(hex_of(sync_status_frame("d", true)), "01640801");
  EXPECT_EQ(hex_of(sync_status_frame("d", false)), "01640800");
  EXPECT_EQ(hex_of(ping_frame()), "09");
  EXPECT_EQ(hex_of(pong_frame()), "0a");
}

TEST(HocuspocusProtocol, an_envelope_names_the_document_and_keeps_the_rest) {
  Bytes message;
  write_var_string(message, std::string_view("doc\0one", 7));
  append(message, Bytes{0, 2, 1, 7});
  const auto envelope = open_envelope(message);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->type, Type::kSync);
  EXPECT_EQ(split_key(envelope->key).document, "doc");
  EXPECT_EQ(split_key(envelope->key).session, "one");
  const auto inside = parse(envelope->body);
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->kind, Kind::kUpdate);
  EXPECT_EQ(to_hex(inside->payload), "07");
  EXPECT_EQ(split_key("doc").document, "doc");
  EXPECT_EQ(split_key("doc").session, "");
}

TEST(HocuspocusProtocol, what_is_no_envelope_is_refused) {
  for (const Bytes& bytes : {body({}), body({5, 'd'}), body({1, 'd'}), body({1, 'd', 11}), body({1, 0xff, 0}),
                             body({9}), body({1, 'd', 9})}) {
    const auto envelope = open_envelope(bytes);
    ASSERT_FALSE(envelope) << to_hex(bytes);
    EXPECT_EQ(envelope.error().code, Code::kInvalidArgument);
  }
  Bytes long_key;
  write_var_string(long_key, std::string(kMaxKeyBytes + 1, 'd'));
  long_key.push_back(0);
  EXPECT_FALSE(open_envelope(long_key));
}

TEST(HocuspocusProtocol, pings_and_pongs_are_messages_of_one_byte) {
  EXPECT_TRUE(is_ping(body({9})));
  EXPECT_TRUE(is_pong(body({10})));
  EXPECT_FALSE(is_ping(body({9, 0})));
  EXPECT_FALSE(is_pong(body({})));
}

TEST(HocuspocusProtocol, each_message_of_a_client_is_read) {
  EXPECT_EQ(parse(body({0, 0, 1, 0}))->kind, Kind::kStateVector);
  EXPECT_TRUE(parse(body({0, 0, 1, 0}))->asks_back);
  EXPECT_FALSE(parse(body({4, 0, 1, 0}))->asks_back);
  EXPECT_EQ(parse(body({0, 1, 2, 0, 0}))->kind, Kind::kAnswer);
  EXPECT_EQ(parse(body({1, 1, 0}))->kind, Kind::kAwareness);
  EXPECT_EQ(parse(body({3}))->kind, Kind::kQueryAwareness);
  const Bytes stateless = body({5, 2, 'h', 'i'});
  EXPECT_EQ(parse(stateless)->text, "hi");
  const Bytes without_version = body({2, 0, 1, 't'});
  const auto old = parse(without_version);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->kind, Kind::kToken);
  EXPECT_EQ(old->text, "t");
  EXPECT_EQ(old->version, "");
  const Bytes with_version = body({2, 0, 1, 't', 3, '4', '.', '8'});
  EXPECT_EQ(parse(with_version)->version, "4.8");
}

TEST(HocuspocusProtocol, what_no_client_may_say_is_refused) {
  EXPECT_NE(why_not(body({0, 3, 0})).find("sync step 3"), std::string::npos);
  EXPECT_NE(why_not(body({2, 1, 0})).find("auth 1"), std::string::npos);
  EXPECT_NE(why_not(body({6, 0})).find("type 6"), std::string::npos);
  EXPECT_NE(why_not(body({7})).find("type 7"), std::string::npos);
  EXPECT_NE(why_not(body({8, 1})).find("type 8"), std::string::npos);
  EXPECT_NE(why_not(body({9})).find("type 9"), std::string::npos);
  EXPECT_NE(why_not(body({3, 0})).find("after the end"), std::string::npos);
  for (const Bytes& bytes : {body({}), body({0}), body({0, 1, 9}), body({1, 4}), body({2}), body({2, 0, 5}),
                             body({2, 0, 1, 't', 9}), body({5, 1, 0xff})})
    EXPECT_FALSE(parse(bytes)) << to_hex(bytes);
}

}  // namespace
}  // namespace concord::documents::hocuspocus
