#pragma once
// Socket.IO's packets, protocol 5, as they stand in Engine.IO's messages. Pure.
//
//   type [attachments "-"] [namespace ","] [id] [JSON]     "2["news",1]"  "0/admin,{"token":"x"}"  "51-7["file",{…}]"
//
// Type 5 and 6 are an event and its acknowledgement with attachments: so many messages of bytes follow, and
// {"_placeholder":true,"num":n} stands where each belongs. Source: the Socket.IO protocol, revision 5.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "json/object.h"

namespace concord::socketio {

enum class PacketType : std::uint8_t { kConnect, kDisconnect, kEvent, kAck, kConnectError, kBinaryEvent, kBinaryAck };

struct PacketLimits {
  std::size_t max_namespace_bytes = 128;
  std::size_t max_name_bytes = 128;  // of an event
  std::size_t max_attachments = 10;
  json::Limits json{.max_bytes = 1u << 20u, .max_values = 200'000, .max_depth = 32};
};

/// Points into the text that it was read from.
struct Packet {
  PacketType type = PacketType::kEvent;
  std::string_view space = "/";               // the namespace, with its query where it has one
  std::optional<std::uint64_t> id{};          // what an acknowledgement is asked for, or given, by
  std::size_t attachments = 0;                // messages of bytes that belong to it
  std::string_view data{};                    // JSON; empty: none
  std::string event{};                        // the name of an event
  std::vector<std::string_view> arguments{};  // JSON: of an event, behind its name; of an acknowledgement
};

/// Names that have a meaning of their own for clients, and are no event's.
bool is_reserved(std::string_view event);

/// kInvalidArgument for what the protocol does not allow, kTooLarge for what is over a limit; both name the field.
Result<Packet> parse_packet(std::string_view text, const PacketLimits& limits);

/// `arguments` is JSON values with commas between them, and may be empty. In the namespace "/".
std::string event_packet(std::string_view event, std::string_view arguments);
std::string ack_packet(std::uint64_t id, std::string_view arguments);
/// `data` is a JSON object, or empty.
std::string connect_packet(std::string_view space, std::string_view data);
/// `data` is JSON, or empty.
std::string connect_error_packet(std::string_view space, std::string_view message, std::string_view data);
std::string disconnect_packet(std::string_view space);

}  // namespace concord::socketio
