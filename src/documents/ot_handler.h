#pragma once
// The Socket.IO dialect of operational transformation, for the connections whose home is one reactor.

#include <memory>
#include <unordered_map>

#include "documents/live_places.h"
#include "documents/ot_socket.h"
#include "net/reconnects.h"
#include "socketio/socket.h"

namespace concord::documents {

class OtHandler final : public socketio::Handler {
 public:
  /// Of those that other nodes have, what is served here is sent on.
  enum class Clients : std::uint8_t { kOfThisNode, kOfOtherNodes };

  OtHandler(std::shared_ptr<const LivePlaces> places, Mailbox& home, net::Reconnects& reconnects,
            Clients clients = Clients::kOfThisNode);

  /// Anybody may connect: what a token is good for is seen at the first join.
  void on_connect(socketio::Socket& socket, std::string_view auth) override;
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
  void on_drained(socketio::Socket& socket) override;
  void on_disconnect(socketio::Socket& socket, socketio::DisconnectReason reason) override;
  LastWords last_words(socketio::DisconnectReason reason) override;

 private:
  std::shared_ptr<const LivePlaces> places_;  // shared with the service
  Mailbox& home_;
  net::Reconnects& reconnects_;
  const Clients clients_;
  std::unordered_map<socketio::Socket*, std::unique_ptr<OtSocket>> sockets_;
};

}  // namespace concord::documents
