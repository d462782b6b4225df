#include "socketio/packet.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "json/elements.h"
#include "json/writer.h"

namespace concord::socketio {

namespace {

constexpr std::uint64_t kMaxId = (1ULL << 53U) - 1;  // what a client's numbers hold exactly

std::unexpected<Error> malformed(std::string_view field, const std::string& problem) {
  return fail(Error{Code::kInvalidArgument, "a malformed packet: " + problem, {{"field", std::string(field)}}});
}

std::unexpected<Error> over(std::string_view field, std::size_t limit) {
  return fail(Error{Code::kTooLarge,
                    "a packet's " + std::string(field) + " is over its limit of " + std::to_string(limit),
                    {{"field", std::string(field)}, {"limit", std::to_string(limit)}}});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has_attachments(PacketType type) { return type == PacketType::kBinaryEvent || type == PacketType::kBinaryAck; }

/// Takes the digits at the front.
Result<std::uint64_t> take_number(std::string_view& text, std::string_view field, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end == text.data()) return malformed(field, "a number is missing");
  if (failed != std::errc() || number > most) return over(field, most);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

Result<> take_attachments(Packet& packet, std::string_view& text, const PacketLimits& limits) {
  TRY(packet.attachments, take_number(text, "attachments", limits.max_attachments));
  if (packet.attachments == 0 || !text.starts_with('-')) return malformed("attachments", "their number is malformed");
  text.remove_prefix(1);
  return {};
}

Result<> take_space(Packet& packet, std::string_view& text, const PacketLimits& limits) {
  const std::size_t end = std::min(text.find(','), text.size());
  if (end > limits.max_namespace_bytes) return over("namespace", limits.max_namespace_bytes);
  packet.space = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return {};
}

bool is_object(std::string_view json) { return json.starts_with('{'); }

Result<> read_event(Packet& packet, const PacketLimits& limits) {
  TRY(packet.arguments, json::elements(packet.data, limits.json));
  if (packet.arguments.empty()) return malformed("event", "an event has a name");
  const std::string_view name = packet.arguments.front();
  if (name.starts_with('"')) {
    if (name.size() > 6 * limits.max_name_bytes + 2) return over("event", limits.max_name_bytes);
    TRY(packet.event, json::unquoted(name));
  } else if (name.starts_with('-') || is_digit(name.front())) {
    packet.event = name;
  } else {
    return malformed("event", "an event's name is a string");
  }
  if (packet.event.size() > limits.max_name_bytes) return over("event", limits.max_name_bytes);
  if (is_reserved(packet.event)) return malformed("event", "the name '" + packet.event + "' is not for events");
  packet.arguments.erase(packet.arguments.begin());
  return {};
}

Result<> read_data(Packet& packet, const PacketLimits& limits) {
  switch (packet.type) {
    case PacketType::kConnect:
      if (packet.data.empty()) return {};
      TRY_VOID(json::check(packet.data, limits.json));
      if (!is_object(packet.data)) return malformed("data", "what comes with a connect is an object");
      return {};
    case PacketType::kDisconnect:
      if (!packet.data.empty()) return malformed("data", "a disconnect has no data");
      return {};
    case PacketType::kConnectError:
      TRY_VOID(json::check(packet.data, limits.json));
      if (!is_object(packet.data) && !packet.data.starts_with('"'))
        return malformed("data", "an error of connecting is an object or a string");
      return {};
    case PacketType::kEvent:
    case PacketType::kBinaryEvent:
      return read_event(packet, limits);
    case PacketType::kAck:
    case PacketType::kBinaryAck:
      if (!packet.id) return malformed("id", "an acknowledgement has an id");
      TRY(packet.arguments, json::elements(packet.data, limits.json));
      return {};
  }
  return {};
}

/// Type, namespace and id.
std::string head(PacketType type, std::string_view space = "/") {
  std::string text(1, static_cast<char>('0' + static_cast<int>(type)));
  if (space != "/") text.append(space).append(",");
  return text;
}

}  // namespace

bool is_reserved(std::string_view event) {
  static constexpr std::array<std::string_view, 6> kReserved{"connect",       "connect_error", "disconnect",
                                                             "disconnecting", "newListener",   "removeListener"};
  return std::ranges::find(kReserved, event) != kReserved.end();
}

Result<Packet> parse_packet(std::string_view text, const PacketLimits& limits) {
  if (text.empty() || text.front() < '0' || text.front() > '6') return malformed("type", "it has no known type");
  Packet packet{.type = static_cast<PacketType>(text.front() - '0')};
  text.remove_prefix(1);
  if (has_attachments(packet.type)) TRY_VOID(take_attachments(packet, text, limits));
  if (text.starts_with('/')) TRY_VOID(take_space(packet, text, limits));
  if (!text.empty() && is_digit(text.front())) {
    TRY(packet.id, take_number(text, "id", kMaxId));
  }
  packet.data = text;
  TRY_VOID(read_data(packet, limits));
  return packet;
}

std::string event_packet(std::string_view event, std::string_view arguments) {
  std::string text = head(PacketType::kEvent);
  text.reserve(event.size() + arguments.size() + 8);
  text += '[';
  json::append_quoted(text, event);
  if (!arguments.empty()) text.append(",").append(arguments);
  return text += ']';
}

std::string ack_packet(std::uint64_t id, std::string_view arguments) {
  return head(PacketType::kAck).append(std::to_string(id)).append("[").append(arguments).append("]");
}

std::string connect_packet(std::string_view space, std::string_view data) {
  return head(PacketType::kConnect, space).append(data);
}

std::string connect_error_packet(std::string_view space, std::string_view message, std::string_view data) {
  std::string text = head(PacketType::kConnectError, space) + R"({"message":)";
  json::append_quoted(text, message);
  if (!data.empty()) text.append(R"(,"data":)").append(data);
  return text += '}';
}

std::string disconnect_packet(std::string_view space) { return head(PacketType::kDisconnect, space); }

}  // namespace concord::socketio
