#include "socketio/message.h"

#include "socketio/engine_packet.h"
#include "socketio/packet.h"

namespace concord::socketio {

Message::Message(std::string_view engine_packet)
    : frame_(net::make_frame(net::Opcode::kText, as_bytes(engine_packet))), text_bytes_(engine_packet.size()) {}

Message Message::event(std::string_view name, std::string_view arguments) {
  return Message(engine_packet(EngineType::kMessage, event_packet(name, arguments)));
}

}  // namespace concord::socketio
