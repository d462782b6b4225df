#pragma once
// Engine.IO's packets, protocol 4, and the payloads of its polling transport. Pure.
//
//   packet    type (one digit), then text                 "4hello"
//             or, where text alone can go, "b" and base64  "bAQIDBA==": a message of bytes
//   payload   packets with U+001E between them             "4hello\x1ebAQIDBA=="
//
// Over WebSocket a packet is a text message of its own, and a message of bytes is a binary message without more around
// it. Source: the Engine.IO protocol, version 4 (docs of socket.io, engine.io-protocol).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::socketio {

enum class EngineType : std::uint8_t { kOpen, kClose, kPing, kPong, kMessage, kUpgrade, kNoop };

struct EnginePacket {
  EngineType type = EngineType::kMessage;
  std::string_view text = {};       // behind the type; points into what was read
  std::optional<Bytes> bytes = {};  // of a message of bytes, which has no text
};

constexpr char kSeparator = '\x1e';

/// kInvalidArgument: it is empty, has no such type, is no UTF-8, or its base64 is none.
Result<EnginePacket> parse_engine_packet(std::string_view text);

/// The packets of a payload, at least one; kTooLarge where there are more than `most`.
Result<std::vector<EnginePacket>> parse_payload(std::string_view payload, std::size_t most);

std::string engine_packet(EngineType type, std::string_view text = {});
/// A message of bytes as text.
std::string base64_packet(ByteView bytes);
/// Puts an encoded packet behind those that `payload` has.
void append_to_payload(std::string& payload, std::string_view packet);

}  // namespace concord::socketio
