#include "documents/sync_handler.h"

#include <utility>

namespace concord::documents {

void SyncHandler::on_open(net::WebSocket& socket, std::shared_ptr<void> state) {
  SyncRequest request = std::move(*std::static_pointer_cast<SyncRequest>(state));
  std::string token = std::move(request.token);
  auto session = std::make_unique<SyncSession>(*sessions_, socket, request);
  SyncSession& opened = *session;
  socket.set_context(&opened);
  sessions_->add(std::move(session));
  if (!token.empty()) opened.show(std::move(token));
}

void SyncHandler::on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  static_cast<SyncSession*>(socket.context())->on_message(opcode, payload);
}

void SyncHandler::on_drained(net::WebSocket& socket) { static_cast<SyncSession*>(socket.context())->on_drained(); }

void SyncHandler::on_close(net::WebSocket& socket, std::uint16_t) {
  static_cast<SyncSession*>(socket.context())->on_close();
}

}  // namespace concord::documents
