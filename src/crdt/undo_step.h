#pragma once
// UndoStep: what undoing one step does to a document, inside a transaction: items that were inserted are deleted, items
// that were deleted get a copy in the place where they were.

#include <optional>
#include <vector>

#include "crdt/engine.h"
#include "crdt/undo.h"

namespace concord::crdt {

class UndoStep {
 public:
  explicit UndoStep(UndoManager& manager)
      : manager_(manager), engine_(manager.engine_), replica_(manager.engine_), store_(manager.engine_.store) {}

  /// Whether it changed anything.
  bool take_back(const StackItem& step);
  /// What was deleted is kept from collection, or given up, with all that holds it.
  void keep(const ClockRanges& deletions, bool keep);

 private:
  /// Each struct in the ranges, which are cut to fit.
  template <class Visit>
  void each(const ClockRanges& ranges, Visit visit);
  ItemRef starting_at(Id id);
  bool in_scope(ItemRef item) const;
  bool may_delete(ItemRef item) const;
  void set_keep(ItemRef item, bool keep);

  /// The item that holds the type which `item` is in; kNone for a root.
  ItemRef holder(ItemRef item) const { return store_.types[store_.parent_of(store_.items[item])].item; }
  ItemRef copy_of(ItemRef item);
  ItemRef copy_in(ItemRef item, ItemRef parent);
  bool redo(ItemRef item);
  bool redo_one(ItemRef item);
  bool redo_place_in_map(ItemRef item, TypeRef type, ItemRef parent, ItemRef& left);
  ItemRef copy(ItemRef item, ItemRef left, ItemRef right, TypeRef type);
  void copy_content(const Item& from, Item& to);
  bool has_room(const Item& item) const;
  bool deleted_by_stacks(Id id) const;

  UndoManager& manager_;
  Engine& engine_;
  Replica& replica_;
  Store& store_;
  const StackItem* step_ = nullptr;
  std::vector<ItemRef> to_redo_;
  IdTable wanted_;  // the items of to_redo_
};

}  // namespace concord::crdt
