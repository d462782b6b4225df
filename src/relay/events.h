#pragma once
// The part of a client's Socket.IO connection that is about documents of one shard, where another node serves that.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "link/link.h"
#include "relay/credits.h"
#include "relay/message.h"
#include "relay/places.h"
#include "socketio/socket.h"

namespace concord::relay {

/// At the node that has the client. Lives on the reactor of its connection, as the credits do.
class FarEvents final : public link::StreamHandler, public Creditor {
 public:
  using Ended = std::move_only_function<void()>;

  /// Null where it is not known who serves the shard. `auth` is the JSON that the handler there gets with its
  /// on_connect. `client` outlives it, or it is closed before; `ended` is called once, when the other node is gone or
  /// serves the shard no more.
  static std::shared_ptr<FarEvents> open(link::Links& links, const Places& places, Credits& credits, std::string kind,
                                         engines::ShardId shard, std::string_view auth, socketio::Socket& client,
                                         Ended ended);
  FarEvents(Credits& credits, socketio::Socket& client, Ended ended)
      : credits_(credits), client_(&client), ended_(std::move(ended)) {}

  /// An event of the client's. False, and nothing is sent, where too much is on its way already.
  bool send(const Event& event);
  /// The client is gone, or has left; `ended` is not called any more.
  void close();
  /// The client has fetched all that waited for it.
  void drained();

  void on_message(link::Stream& stream, const link::Message& message) override;
  void on_end(link::Stream& stream, std::uint16_t code, std::string_view reason) override;
  bool settle() override;

 private:
  Result<> pass_on(ByteView message);

  Credits& credits_;
  socketio::Socket* client_;  // null once closed
  link::Stream* stream_ = nullptr;
  Ended ended_;
  std::size_t owed_ = 0;  // bytes that the client has not fetched
};

/// At the node that serves: takes what others send on, while the shard is served here, with the handler of the reactor.
/// Before the links start.
using HandlerOf = std::function<socketio::Handler&(Reactor&)>;
void serve_events(link::Links& links, std::string kind, const Places& places, HandlerOf handler_of);

}  // namespace concord::relay
