#pragma once
// The access service: what a principal may do with a thing, and the grants that say so.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access_store.h"
#include "access/decision_cache.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "changes/changes.h"
#include "events/journal.h"
#include "identity/identity.h"

namespace concord::access {

using identity::By;

/// Any reactor, once started.
class Access {
 public:
  struct Dependencies {
    engines::Tables& tables;
    identity::Identity& identity;
    audit::Audit& audit;
    Clock& clock;
    Metrics& metrics;
    changes::Changes* changes = nullptr;  // null: the hub has no other nodes
    events::Journal* events = nullptr;    // null: nothing is told to programs outside
  };
  explicit Access(Dependencies dependencies, std::size_t cached_decisions = 65'536);

  /// Migrates the tables, and listens to changes of groups and roles, and to those on other nodes. Before the changes
  /// are started.
  Task<> start();

  /// What `who` may do with a thing; kNone also where it is not there. A decision that was made before and still holds
  /// does not suspend.
  Task<Decision> decide(identity::Actor who, std::string thing);
  /// The same for many, in their order.
  Task<std::vector<Decision>> decide(identity::Actor who, std::vector<std::string> things);

  /// Grows with each change: a decision made since a certain one still holds while this has not grown.
  std::uint64_t generation() const { return cache_.generation(); }

  /// `grant.to` exists; `grant.level` is one that can be granted. As AccessStore::grant.
  Task<> grant(std::string thing, Grant grant, By by);
  /// kNotFound where there is no such grant.
  Task<> revoke(std::string thing, std::string to, By by);
  Task<std::vector<Grant>> grants(std::string thing) { return store_.grants(std::move(thing)); }

  AccessStore& store() { return store_; }
  /// Whom grants are made to that count for the user.
  Task<std::vector<std::string>> subjects_of(UserId user);

  /// Called, on any thread, after a change of what principals may do, on whichever node: with the thing, or nullopt
  /// where it may concern any. Whoever holds something open asks anew. Before the server serves.
  void on_change(std::function<void(std::optional<std::string> thing)> listener);
  /// A thing was moved, or something else has changed that decisions rest on, on this node.
  void changed(const std::optional<std::string>& thing);

 private:
  /// A change on whichever node.
  void heard(const std::optional<std::string>& thing);
  Task<> hear(std::optional<std::string> what);
  Task<Subject> subject_of(identity::Actor who);
  Task<> record(std::string action, std::string thing, std::string to, Level level, By by);

  Dependencies on_;
  AccessStore store_;
  DecisionCache cache_;
  Counter& cached_;
  Counter& cold_;
  std::vector<std::function<void(std::optional<std::string>)>> listeners_;
};

}  // namespace concord::access
