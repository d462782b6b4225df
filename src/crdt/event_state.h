#pragma once
// What stands behind an event: one type that a transaction changed, and what has been worked out of the change.

#include <cstdint>
#include <optional>
#include <vector>

#include "crdt/changes.h"
#include "crdt/events.h"
#include "crdt/item.h"

namespace concord::crdt {

class EventState {
 public:
  EventState(Engine& engine, const Transaction& transaction, const ChangedType& changed);

  const Transaction& transaction() const { return transaction_; }
  const ChangedType& changed() const { return changed_; }
  const SharedType& target() const { return target_; }
  Engine& engine() const { return engine_; }

  const std::vector<KeyChange>& keys();
  const std::vector<ListOp>& list_delta();
  const std::vector<DeltaOp>& text_delta();
  Path path_from(const SharedType& above) const;
  /// The list's items that came, or that went.
  std::vector<IdRange> items(bool came) const;

  /// Whether the transaction made the item, and whether it deleted it.
  bool adds(const Item& item) const;
  bool deletes(const Item& item) const;

 private:
  std::optional<KeyChange> key_change(std::uint32_t entry) const;
  Value last_value(ItemRef item) const;

  Engine& engine_;
  const Transaction& transaction_;
  const ChangedType& changed_;
  SharedType target_;
  std::optional<std::vector<KeyChange>> keys_;
  std::optional<std::vector<ListOp>> list_delta_;
  std::optional<std::vector<DeltaOp>> text_delta_;
};

}  // namespace concord::crdt
