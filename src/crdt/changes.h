#pragma once
// The record of what a transaction changed, which is kept only where somebody will look at it, and the whole of what a
// transaction is while it waits for its cleanup.

#include <cstdint>
#include <utility>
#include <vector>

#include "crdt/delete_set.h"
#include "crdt/id_table.h"
#include "crdt/item.h"
#include "crdt/transaction.h"

namespace concord::crdt {

struct ChangedType {
  TypeRef type = kNone;
  bool list = false;
  bool gone = false;                   // the type was deleted later on
  std::vector<std::uint32_t> entries;  // map entries, in the order of their first change
};

/// Which types changed, and what of them, in the order of Yjs's Transaction.changed.
class ChangeRecord {
 public:
  /// `entry` is kNone for a change of the list.
  void note(TypeRef type, std::uint32_t entry) {
    std::uint32_t at = numbers_.find(type);
    if (at == IdTable::kAbsent) {
      at = static_cast<std::uint32_t>(types_.size());
      numbers_.set(type, at);
      types_.emplace_back().type = type;
    }
    if (entry == kNone) {
      types_[at].list = true;
    } else if (entries_.find(entry) == IdTable::kAbsent) {
      entries_.set(entry, at);
      types_[at].entries.push_back(entry);
    }
  }
  /// The type was deleted.
  void drop(TypeRef type) {
    const std::uint32_t at = numbers_.find(type);
    if (at != IdTable::kAbsent) types_[at].gone = true;
  }
  /// Those that are gone are among them.
  const std::vector<ChangedType>& types() const { return types_; }
  const ChangedType* find(TypeRef type) const {
    const std::uint32_t at = numbers_.find(type);
    return at == IdTable::kAbsent || types_[at].gone ? nullptr : &types_[at];
  }
  /// Mentions of other documents, by their items: all that came, that were deleted, that are wanted from now on.
  std::vector<Id> subdocuments_added;
  std::vector<Id> subdocuments_removed;
  std::vector<Id> subdocuments_loaded;
  bool has_subdocuments() const {
    return !subdocuments_added.empty() || !subdocuments_removed.empty() || !subdocuments_loaded.empty();
  }

  /// In time linear in what it holds, not in what it once held.
  void clear() {
    subdocuments_added.clear();
    subdocuments_removed.clear();
    subdocuments_loaded.clear();
    for (const ChangedType& changed : types_) {
      numbers_.erase(changed.type);
      for (const std::uint32_t entry : changed.entries) entries_.erase(entry);
    }
    types_.clear();
  }

 private:
  std::vector<ChangedType> types_;
  IdTable numbers_;  // by type
  IdTable entries_;
};

/// A transaction that has made its changes and is put aside, until its cleanup or while another runs.
struct TransactionState {
  /// What a client wrote: from clock `before` on, up to clock `after` when it was shown.
  struct Written {
    ClientRef client = kNoClient;
    std::uint32_t before = 0;
    std::uint32_t after = 0;
  };
  bool local = true;
  Origin origin;
  std::vector<Written> written;
  IdTable numbers;                               // by client, in `written`
  std::vector<DeletedRange<ClientRef>> deleted;  // normalized, clients in the order of their first deletion
  IdTable deleted_numbers;                       // by client, of its first in `deleted`
  std::vector<std::pair<ClientRef, std::uint32_t>> split;
  ChangeRecord changes;
  Bytes update;

  /// Null where the client wrote nothing.
  const Written* find(ClientRef client) const {
    const std::uint32_t at = numbers.find(client);
    return at == IdTable::kAbsent ? nullptr : &written[at];
  }
  bool changed() const { return !written.empty() || !deleted.empty(); }
  /// Whether the struct that has this id was deleted by this transaction.
  bool deletes(Id id) const;
};

}  // namespace concord::crdt
