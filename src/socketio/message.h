#pragma once
// A packet on its way to clients: encoded once, shared by all that receive it, over WebSocket and by polling.

#include <string_view>

#include "net/websocket.h"

namespace concord::socketio {

class Message {
 public:
  /// An Engine.IO packet as text.
  explicit Message(std::string_view engine_packet);
  /// An event in the namespace "/", as event_packet takes it.
  static Message event(std::string_view name, std::string_view arguments);

  const net::Frame& frame() const { return frame_; }
  std::string_view text() const { return as_text(ByteView(*frame_).last(text_bytes_)); }

 private:
  net::Frame frame_;
  std::size_t text_bytes_;
};

}  // namespace concord::socketio
