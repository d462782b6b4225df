#pragma once
// Observing a document: a transaction that changed something is shown to observers after its changes and before its
// cleanup, as at Yjs's 'afterTransaction': what it deleted is still readable, and nothing has been merged.
//
//   Subscription seen = doc.observe_transactions([](const Transaction& t) { ... t.deleted() ... });
//
// Events of single types are in events.h. An observer may change the document, as in Yjs: by Doc::transact or
// Doc::apply_update, which run at once, as a transaction of their own that follows the one being shown: it is shown
// itself, and cleaned up, when the observers have seen that one. Inside an observer transact returns nothing, because
// its update is not ready before that; what the outermost transact returns (or apply_update's Applied::cleanup) carries
// these following changes too, merged as by merge_updates. Observers must not throw.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crdt/state_vector.h"
#include "crdt/types.h"

namespace concord::crdt {

struct TransactionState;

/// Who made a transaction, for those who observe it; means nothing to the document. `kind` is what undo managers and
/// others can track in general, `id` tells two of a kind apart.
struct Origin {
  std::string kind;
  std::uint64_t id = 0;
  bool operator==(const Origin&) const = default;
};

/// Keeps an observer called; dropping it ends that at once, also inside a callback and after the document is gone.
class Subscription {
 public:
  /// What an observer is registered with.
  class Registry {
   public:
    Registry() = default;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;
    virtual ~Registry() = default;
    virtual void remove(std::uint64_t id) = 0;
  };

  Subscription() = default;
  Subscription(std::weak_ptr<Registry> registry, std::uint64_t id) : registry_(std::move(registry)), id_(id) {}
  ~Subscription() { cancel(); }
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  void cancel();

 private:
  std::weak_ptr<Registry> registry_;
  std::uint64_t id_ = 0;
};

/// Consecutive clocks of one client.
struct IdRange {
  ClientId client;
  Clock clock = 0;
  Clock length = 0;
  bool operator==(const IdRange&) const = default;
};

/// What a transaction changed of one type that was there before it and still is.
struct TypeChange {
  SharedType type;
  bool list = false;              // its sequence: characters, elements, children
  std::vector<std::string> keys;  // its map entries or attributes, in the order in which they were changed first
};

/// One transaction, as its observers see it. Valid during the call only; methods that return lists make them anew.
class Transaction {
 public:
  Transaction(Engine& engine, TransactionState& state) : engine_(engine), state_(state) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// False for an update from elsewhere.
  bool local() const;
  /// Default-constructed where none was given.
  const Origin& origin() const;

  /// Of the clients that wrote something in this transaction only: others have not moved.
  StateVector state_before() const;
  StateVector state_after() const;
  /// What was written, a range for each client; what of it was deleted again is in `deleted` too.
  std::vector<IdRange> inserted() const;
  /// Ascending for each client, neighbours joined, highest client first.
  std::vector<IdRange> deleted() const;

  /// In the order in which they were changed first. Types made or deleted by the transaction itself are not listed.
  std::vector<TypeChange> changed() const;
  /// The types of `changed` and all that hold them, up to the roots.
  std::vector<SharedType> changed_parents() const;
  /// Whether `type` is one of those.
  bool changed_under(const SharedType& type) const;

  // Subdocuments (subdocument.h) that came to be mentioned, were deleted, and are wanted from now on.
  std::vector<Subdocument> subdocuments_added() const;
  std::vector<Subdocument> subdocuments_removed() const;
  std::vector<Subdocument> subdocuments_loaded() const;

  /// For the engine's own observers.
  Engine& engine() const { return engine_; }
  TransactionState& state() const { return state_; }

 private:
  Engine& engine_;
  TransactionState& state_;
};

using TransactionObserver = std::function<void(const Transaction&)>;
/// One update for each transaction, after its cleanup: the bytes of Yjs's 'update'.
using UpdateObserver = std::function<void(ByteView update, const Origin& origin, bool local)>;

}  // namespace concord::crdt
