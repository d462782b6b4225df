#include "socketio/engine_packet.h"

#include "base/varint.h"
#include "crypto/base64.h"

namespace concord::socketio {

namespace {

std::unexpected<Error> malformed(std::string problem) {
  return fail(Error{Code::kInvalidArgument, "a malformed packet: " + std::move(problem), {{"field", "packet"}}});
}

/// With its padding, or without any.
std::optional<Bytes> decode_base64(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return crypto::base64_decode_unpadded(text);
}

}  // namespace

Result<EnginePacket> parse_engine_packet(std::string_view text) {
  if (text.empty()) return malformed("it is empty");
  const char type = text.front();
  text.remove_prefix(1);
  if (type == 'b') {
    auto bytes = decode_base64(text);
    if (!bytes) return malformed("its bytes are not base64");
    return EnginePacket{.type = EngineType::kMessage, .bytes = std::move(bytes)};
  }
  if (type < '0' || type > '6') return malformed("it has no known type");
  if (!is_valid_utf8(text)) return malformed("it is not UTF-8");
  return EnginePacket{.type = static_cast<EngineType>(type - '0'), .text = text};
}

Result<std::vector<EnginePacket>> parse_payload(std::string_view payload, std::size_t most) {
  std::vector<EnginePacket> packets;
  for (;;) {
    if (packets.size() == most)
      return fail(Error{Code::kTooLarge,
                        "a payload has more than " + std::to_string(most) + " packets",
                        {{"field", "payload"}, {"limit", std::to_string(most)}}});
    const std::size_t end = payload.find(kSeparator);
    TRY(EnginePacket packet, parse_engine_packet(payload.substr(0, end)));
    packets.push_back(std::move(packet));  // NOLINT(performance-inefficient-vector-operation): as many as there are
    if (end == std::string_view::npos) return packets;
    payload.remove_prefix(end + 1);
  }
}

std::string engine_packet(EngineType type, std::string_view text) {
  std::string packet;
  packet.reserve(1 + text.size());
  packet += static_cast<char>('0' + static_cast<int>(type));
  packet += text;
  return packet;
}

std::string base64_packet(ByteView bytes) {
  std::string packet = "b" + crypto::base64_encode_unpadded(bytes);
  packet.append((4 - (packet.size() - 1) % 4) % 4, '=');
  return packet;
}

void append_to_payload(std::string& payload, std::string_view packet) {
  if (!payload.empty()) payload += kSeparator;
  payload += packet;
}

}  // namespace concord::socketio
