#pragma once
// Live sessions on documents that another node serves: a client's connection stays on this node, and what it says about
// such a document goes to that one. On hubs of several nodes.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "documents/hocuspocus_socket.h"
#include "documents/sync_session.h"
#include "net/http.h"
#include "net/reconnects.h"
#include "relay/events.h"
#include "relay/far_socket.h"
#include "relay/served_socket.h"

namespace concord::documents {

class LiveRelay {
 public:
  struct Dependencies {
    link::Links& links;
    Reactors& reactors;
    relay::Places places;
    net::Reconnects& reconnects;
    Clock& clock;
  };
  explicit LiveRelay(Dependencies on);

  /// Whether another node serves the document, as far as is known. Any thread.
  bool is_far(DocumentId document) const;
  /// Waits for a while until somebody serves the document.
  asio::awaitable<void> until_served(DocumentId document);

  /// From here on: called on the reactor that the client's connection is on.
  /// Where a WebSocket about the document is to be sent.
  net::Upgrade upgrade(const SyncRequest& request);
  /// The part of a socket that is about documents of that one's shard; null where nobody serves it.
  std::shared_ptr<relay::FarSocket> open(Reactor& home, DocumentId document, const HocuspocusRequest& request,
                                         net::WebSocket& client, relay::FarSocket::Ended ended,
                                         relay::FarSocket::Sent sent);
  /// The same of a Socket.IO connection, with the token that documents are joined with.
  std::shared_ptr<relay::FarEvents> open(DocumentId document, std::string_view token, socketio::Socket& client,
                                         relay::FarEvents::Ended ended);
  /// Which node serves the document.
  std::optional<link::Peer> peer_of(DocumentId document) const;
  net::Reconnects& reconnects() const { return on_.reconnects; }

  /// What serves what other nodes send here, before the links start.
  struct Takers {
    std::function<std::shared_ptr<net::WebSocketHandler>(engines::ShardId)> sync;
    std::function<std::shared_ptr<net::WebSocketHandler>(Reactor&)> hocuspocus;
    relay::HandlerOf ot;
  };
  void serve(Takers takers);

  asio::awaitable<void> close();

 private:
  engines::ShardId known_shard(DocumentId document) const;
  struct OnReactor;
  OnReactor& here(Reactor& reactor) { return *on_reactors_[reactor.index()]; }

  Dependencies on_;
  std::vector<std::shared_ptr<OnReactor>> on_reactors_;
};

}  // namespace concord::documents
