#pragma once
// The live sessions of a node: of every shard, in every dialect. What the service starts, tells and closes of them.

#include <memory>
#include <optional>
#include <vector>

#include "documents/hocuspocus_handler.h"
#include "documents/live_places.h"
#include "documents/live_relay.h"
#include "documents/sync_handler.h"
#include "net/http.h"
#include "socketio/socket.h"

namespace concord::documents {

class LiveDialects {
 public:
  LiveDialects(const std::vector<std::unique_ptr<DocumentShard>>& shards, const shard::SlotTable& slots,
               const DocumentLimits& limits, const LiveDependencies& on);

  const LivePlaces& places() const { return *places_; }
  /// On a hub of several nodes: before the links start, and the reactors serve.
  void relay_by(LiveRelay::Dependencies on);

  /// Any thread.
  void start();
  void sign_in_ended(identity::SessionId sign_in);
  /// Ends what they, and agents of theirs, have open: they may not read for a while.
  void locked_out(UserId user);
  void access_changed(std::optional<DocumentId> document);
  /// Who is at a document, and who was. Fails as the bus does.
  Task<Presence> presence(DocumentId document);
  /// Ends what they do by themselves; the connections are gone by then.
  asio::awaitable<void> close();

  /// Where a WebSocket about a document is to be sent: to its shard's reactor, or to the node that serves it.
  asio::awaitable<net::Upgrade> upgrade(SyncRequest request);
  /// Where one about any documents is: home is the reactor that asks.
  net::Upgrade upgrade(HocuspocusRequest request);
  /// What serves the Socket.IO connections that live on the reactor. Before the reactors serve.
  std::unique_ptr<socketio::Handler> make_ot_handler(Reactor& reactor);

 private:
  const std::shared_ptr<HocuspocusHandler>& hocuspocus_handler(const Reactor& reactor) const;

  LiveDependencies on_;
  DocumentLimits limits_;
  std::shared_ptr<LivePlaces> places_;  // shared with the handlers
  // Shared with upgrades under way and their sockets: of each shard, and of each reactor.
  std::vector<std::shared_ptr<SyncHandler>> sync_handlers_;
  std::vector<std::shared_ptr<HocuspocusHandler>> hocuspocus_handlers_;
  // Of what other nodes send here; null and empty where there are none.
  std::unique_ptr<LiveRelay> relay_;
  std::vector<std::unique_ptr<socketio::Handler>> relayed_ot_;  // by reactor
};

}  // namespace concord::documents
