#pragma once
// What a node tells the other nodes of its hub, and hears from them.

#include "base/log.h"
#include "changes/changes.h"
#include "engines/open.h"
#include "guard/other_nodes.h"
#include "vault/vault.h"

namespace concord::app {

class OtherNodes {
 public:
  /// What is passed by reference outlives it.
  OtherNodes(engines::Engines& engines, Reactor& reactor, Clock& clock, IdSource& ids, Metrics& metrics,
             const Logger& logger, vault::Vault& vault);

  changes::Changes& changes() { return changes_; }
  guard::OtherNodes& guards() { return guards_; }
  /// Once the services listen; before any of them serves.
  Task<> start();
  /// Tells what waits.
  asio::awaitable<void> stop();

  /// The user's keys were destroyed on this node.
  void keys_destroyed(UserId user);

 private:
  Task<> forget_keys(std::optional<std::string> user);

  Reactor& reactor_;
  vault::Vault& vault_;
  changes::Changes changes_;
  guard::OtherNodes guards_;
};

}  // namespace concord::app
