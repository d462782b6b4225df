#pragma once
// The other end: a WebSocket that another node has, as the handlers of this one know it. Lives on the reactor of the
// shard that it is about.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "link/link.h"
#include "net/websocket.h"
#include "relay/places.h"

namespace concord::relay {

/// Who handles such a socket.
struct Taker {
  std::shared_ptr<net::WebSocketHandler> handler;
  std::shared_ptr<void> state;  // for its on_open
};
/// nullopt where the opening is malformed.
using Take = std::function<std::optional<Taker>(engines::ShardId shard, ByteView opening, Reactor& reactor)>;

/// Takes the sockets of that kind that other nodes send on, while the shard is served here. Before the links start.
void serve_sockets(link::Links& links, std::string kind, const Places& places, Take take);

}  // namespace concord::relay
