// The codecs against payloads that socket.io's own packages wrote (tests/socketio/golden.mjs).
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <string>

#include "crypto/base64.h"
#include "socketio/decoder.h"
#include "socketio/engine_packet.h"

namespace concord::socketio {
namespace {

namespace bj = boost::json;

Bytes from_base64(const bj::value& value) {
  std::string text(value.as_string());
  while (text.ends_with('=')) text.pop_back();
  return crypto::base64_decode_unpadded(text).value();
}

void expect_packet(const Packet& packet, const std::vector<Bytes>& attachments, const bj::value& expected) {
  EXPECT_EQ(static_cast<int>(packet.type), expected.at("type").as_int64());
  EXPECT_EQ(packet.space, std::string(expected.at("nsp").as_string()));
  EXPECT_EQ(packet.data, std::string(expected.at("data").as_string()));
  EXPECT_EQ(packet.id.has_value(), !expected.at("id").is_null());
  if (packet.id) EXPECT_EQ(*packet.id, static_cast<std::uint64_t>(expected.at("id").as_int64()));
  const bj::array& bytes = expected.at("bytes").as_array();
  ASSERT_EQ(attachments.size(), bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(attachments[i], from_base64(bytes[i]));
  if (packet.data.empty() || packet.data.front() != '[') return;
  const bj::array data = bj::parse(std::string(packet.data)).as_array();
  const bool event = packet.type == PacketType::kEvent || packet.type == PacketType::kBinaryEvent;
  if (event) EXPECT_EQ(packet.event, std::string(data[0].as_string()));
  ASSERT_EQ(packet.arguments.size() + (event ? 1 : 0), data.size());
  for (std::size_t i = 0; i < packet.arguments.size(); ++i)
    EXPECT_EQ(bj::parse(std::string(packet.arguments[i])), data[i + (event ? 1 : 0)]);
}

/// What we write of what we read is, byte for byte, what the package wrote.
void expect_same_payload(const std::vector<EnginePacket>& packets, std::string_view payload) {
  std::string written;
  for (const EnginePacket& packet : packets)
    append_to_payload(written, packet.bytes ? base64_packet(*packet.bytes) : engine_packet(packet.type, packet.text));
  EXPECT_EQ(written, payload);
}

TEST(Golden, payloads_of_the_packages_are_read_as_they_were_meant) {
  std::ifstream file(CONCORD_SOURCE_DIR "/tests/socketio/golden.jsonl");
  const PacketLimits limits;
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const bj::value expected = bj::parse(line);
    const Bytes bytes = from_base64(expected.at("payload"));
    const std::string_view payload = as_text(bytes);
    const auto packets = parse_payload(payload, 100);
    ASSERT_TRUE(packets) << line;
    expect_same_payload(*packets, payload);
    Decoder decoder(limits, 1u << 20u);
    std::size_t whole = 0;
    for (const EnginePacket& engine : *packets) {
      const auto packet = engine.bytes ? decoder.add(*engine.bytes) : decoder.add(engine.text);
      ASSERT_TRUE(packet) << line << packet.error().message;
      if (*packet != nullptr)
        expect_packet(**packet, decoder.attachments(), expected.at("packets").as_array()[whole++]);
    }
    EXPECT_EQ(whole, expected.at("packets").as_array().size());
  }
  EXPECT_EQ(lines, 200u);
}

}  // namespace
}  // namespace concord::socketio
