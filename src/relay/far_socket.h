#pragma once
// A client's WebSocket, or the part of it that is about documents of one shard, whose messages another node handles:
// the end at the node that has the client. Lives on the reactor of the client's connection.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/reactor.h"
#include "link/link.h"
#include "net/websocket.h"
#include "relay/credits.h"
#include "relay/places.h"

namespace concord::relay {

class FarSockets;

class FarSocket final : public link::StreamHandler, public Creditor {
 public:
  /// Called once, when the far node has closed it or is gone; the socket is of no more use then.
  using Ended = std::move_only_function<void(net::CloseCode, std::string_view reason)>;
  using Sent = std::move_only_function<void()>;

  /// `client` outlives it, or it is closed before. `sent` is called with each frame that has gone to the client.
  FarSocket(FarSockets& owner, net::WebSocket& client, Ended ended, Sent sent = {});

  /// A whole message of the client's. False, and nothing is sent, where too much is on its way already.
  bool send(net::Opcode opcode, ByteView payload);
  /// The client is gone, or has left; `ended` is not called any more.
  void close(std::uint16_t code);
  /// The client has taken all that waited for it.
  void drained();

  void on_message(link::Stream& stream, const link::Message& message) override;
  void on_end(link::Stream& stream, std::uint16_t code, std::string_view reason) override;
  bool settle() override;

 private:
  friend class FarSockets;

  FarSockets& owner_;
  net::WebSocket* client_;  // null once closed
  link::Stream* stream_ = nullptr;
  Ended ended_;
  Sent sent_;
  std::size_t owed_ = 0;  // bytes that the client has not taken, or may not have
};

/// Those of one reactor.
class FarSockets {
 public:
  FarSockets(link::Links& links, Reactor& reactor, const Places& places);

  Reactor& reactor() const { return reactor_; }
  /// Null where it is not known who serves the shard. `kind` and `opening` go to `serve_sockets` there.
  std::shared_ptr<FarSocket> open(std::string_view kind, engines::ShardId shard, ByteView opening,
                                  net::WebSocket& client, FarSocket::Ended ended, FarSocket::Sent sent = {});
  asio::awaitable<void> close() { return credits_.close(); }

 private:
  friend class FarSocket;
  net::Frame frame_of(const link::Message& message);

  link::Links& links_;
  Reactor& reactor_;
  const Places& places_;
  Credits credits_;
  std::uint64_t frame_number_ = 0;  // of the message that frame_ was made of
  net::Frame frame_;
};

/// The handler of whole sockets: each is sent on as it comes. Its state is a FarRequest.
struct FarRequest {
  std::string kind;
  engines::ShardId shard;
  Bytes opening;
};

class FarHandler final : public net::WebSocketHandler {
 public:
  explicit FarHandler(FarSockets& sockets) : sockets_(sockets) {}

  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override;
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override;
  void on_drained(net::WebSocket& socket) override;
  void on_close(net::WebSocket& socket, std::uint16_t code) override;

 private:
  FarSockets& sockets_;
  std::unordered_map<net::WebSocket*, std::shared_ptr<FarSocket>> open_;
};

}  // namespace concord::relay
