#include "documents/ot_handler.h"

namespace concord::documents {

OtHandler::OtHandler(std::shared_ptr<const LivePlaces> places, Mailbox& home, net::Reconnects& reconnects,
                     Clients clients)
    : places_(std::move(places)), home_(home), reconnects_(reconnects), clients_(clients) {}

void OtHandler::on_connect(socketio::Socket& socket, std::string_view auth) {
  auto token = ot_protocol::read_token(auth);
  if (!token) {
    socket.refuse(token.error().message, ot_protocol::failed(token.error()));
    return;
  }
  auto record = std::make_unique<OtSocket>(*places_, clients_ == Clients::kOfThisNode ? places_->relay() : nullptr,
                                           home_, socket, std::move(*token));
  socket.set_context(record.get());
  sockets_.emplace(&socket, std::move(record));
  socket.accept();
}

void OtHandler::on_event(socketio::Socket& socket, const socketio::Event& event) {
  static_cast<OtSocket*>(socket.context())->on_event(event);
}

void OtHandler::on_drained(socketio::Socket& socket) { static_cast<OtSocket*>(socket.context())->on_drained(); }

void OtHandler::on_disconnect(socketio::Socket& socket, socketio::DisconnectReason) {
  const auto found = sockets_.find(&socket);
  if (found == sockets_.end()) return;
  found->second->on_disconnect();
  sockets_.erase(found);
}

socketio::Handler::LastWords OtHandler::last_words(socketio::DisconnectReason reason) {
  using Reason = socketio::DisconnectReason;
  const std::string event(ot_protocol::kEnded);
  if (reason == Reason::kSlow)
    return {event, ot_protocol::ended("", "slow_consumer", "you read too slowly", reconnects_.delay_ms())};
  if (reason == Reason::kShutdown)
    return {event, ot_protocol::ended("", "unavailable", "the hub is going away", reconnects_.delay_ms())};
  if (reason == Reason::kProtocolError)
    return {event, ot_protocol::ended("", "invalid_argument", "what came was malformed, too large or too much", {})};
  return {};
}

}  // namespace concord::documents
