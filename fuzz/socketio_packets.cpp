// What Socket.IO reads from strangers: a payload of its polling transport, and the packets in it. What is read and
// written again means the same.
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/varint.h"
#include "json/elements.h"
#include "socketio/decoder.h"
#include "socketio/engine_packet.h"

namespace {

using namespace concord;
using namespace concord::socketio;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t kMostPackets = 64;
const PacketLimits kLimits{.max_attachments = 3, .json = {.max_bytes = 64u << 10u, .max_values = 500, .max_depth = 8}};

void check_packet(const Packet& packet) {
  require(packet.space.starts_with('/') && packet.space.size() <= kLimits.max_namespace_bytes);
  require(packet.attachments <= kLimits.max_attachments);
  require(packet.event.size() <= kLimits.max_name_bytes && !is_reserved(packet.event));
  std::string arguments;
  for (const std::string_view argument : packet.arguments) {
    require(json::check(argument, kLimits.json).has_value());
    if (!arguments.empty()) arguments += ',';
    arguments += argument;
  }
  if (packet.type != PacketType::kEvent) return;
  const std::string again = event_packet(packet.event, arguments);
  const auto read = parse_packet(again, {});
  require(read && read->event == packet.event && read->arguments == packet.arguments);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  const auto packets = parse_payload(text, kMostPackets);
  if (!packets) return 0;
  require(!packets->empty() && packets->size() <= kMostPackets);
  std::string written;
  Decoder decoder(kLimits, 4096);
  bool failed = false;
  for (const EnginePacket& engine : *packets) {
    append_to_payload(written, engine.bytes ? base64_packet(*engine.bytes) : engine_packet(engine.type, engine.text));
    if (failed || engine.type != EngineType::kMessage) continue;
    const auto packet = engine.bytes ? decoder.add(*engine.bytes) : decoder.add(engine.text);
    failed = !packet;
    if (packet && *packet != nullptr) check_packet(**packet);
  }
  const auto again = parse_payload(written, kMostPackets);
  require(again && again->size() == packets->size());
  for (std::size_t i = 0; i < packets->size(); ++i)
    require((*again)[i].type == (*packets)[i].type && (*again)[i].text == (*packets)[i].text &&
            (*again)[i].bytes == (*packets)[i].bytes);
  return 0;
}
