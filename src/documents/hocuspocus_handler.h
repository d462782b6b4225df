#pragma once
// The WebSocket handler of the Hocuspocus dialect: of the sockets whose home is one reactor.

#include <memory>
#include <unordered_map>

#include "base/task.h"
#include "documents/hocuspocus_socket.h"
#include "documents/live_places.h"
#include "net/websocket.h"

namespace concord::documents {

class HocuspocusHandler final : public net::WebSocketHandler {
 public:
  HocuspocusHandler(std::shared_ptr<const LivePlaces> places, Mailbox& home, const DocumentLimits& limits,
                    Clock& clock);

  Reactor& reactor() const { return home_.reactor(); }
  /// Begins to look after its sockets. On the reactor, as all below.
  void start();
  asio::awaitable<void> close();

  /// `state` is a HocuspocusRequest.
  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override;
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override;
  void on_drained(net::WebSocket& socket) override;
  void on_close(net::WebSocket& socket, std::uint16_t code) override;

 private:
  asio::awaitable<void> look_after();

  std::shared_ptr<const LivePlaces> places_;  // shared with the service and the other handlers
  Mailbox& home_;
  DocumentLimits limits_;
  Clock& clock_;
  TaskScope tasks_;
  std::unordered_map<net::WebSocket*, std::unique_ptr<HocuspocusSocket>> sockets_;
};

}  // namespace concord::documents
