#pragma once
// Where the live sessions of documents are, and how what lives on another reactor talks to them. For the dialects whose
// connections do not live with one document.

#include <memory>
#include <vector>

#include "base/id.h"
#include "base/mailbox.h"
#include "documents/live_sessions.h"
#include "shard/slot_table.h"

namespace concord::documents {

class LiveRelay;

class LivePlaces {
 public:
  /// `slots` outlives it.
  explicit LivePlaces(const shard::SlotTable& slots) : slots_(slots) {}

  engines::ShardId shard_of(DocumentId document) const { return slots_.of(document.slot()); }
  /// One for each shard, in order. Before anybody asks.
  void add(std::shared_ptr<LiveSessions> sessions) { sessions_.push_back(std::move(sessions)); }

  /// The mailbox of a reactor. Of those that shards live on, one each; made before the reactors serve.
  Mailbox& mailbox(Reactor& reactor) {
    for (const auto& mailbox : mailboxes_)
      if (&mailbox->reactor() == &reactor) return *mailbox;
    return *mailboxes_.emplace_back(std::make_unique<Mailbox>(reactor));
  }

  /// To be touched on its reactor; its mailbox takes there.
  const std::shared_ptr<LiveSessions>& of(DocumentId document) const { return sessions_[shard_of(document).value]; }
  /// Where documents may be on other nodes; else null. Set before anybody asks.
  LiveRelay* relay() const { return relay_; }
  void relay_by(LiveRelay& relay) { relay_ = &relay; }
  const std::vector<std::shared_ptr<LiveSessions>>& all() const { return sessions_; }
  const std::vector<std::unique_ptr<Mailbox>>& mailboxes() const { return mailboxes_; }

 private:
  const shard::SlotTable& slots_;
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::vector<std::shared_ptr<LiveSessions>> sessions_;  // shared with the dialects' handlers
  LiveRelay* relay_ = nullptr;
};

}  // namespace concord::documents
