#pragma once
// The WebSocket handler of the y-protocols dialect: of every socket that the upgrade sends to a shard's reactor.

#include <memory>

#include "documents/live_sessions.h"
#include "documents/sync_session.h"
#include "net/websocket.h"

namespace concord::documents {

class SyncHandler final : public net::WebSocketHandler {
 public:
  explicit SyncHandler(std::shared_ptr<LiveSessions> sessions) : sessions_(std::move(sessions)) {}

  /// `state` is a SyncRequest.
  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override;
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override;
  void on_drained(net::WebSocket& socket) override;
  void on_close(net::WebSocket& socket, std::uint16_t code) override;

 private:
  std::shared_ptr<LiveSessions> sessions_;  // shared with the service and the other dialects' handlers
};

}  // namespace concord::documents
