// Following Yjs's redoItem and popStackItem step by step, since the ids of the copies, and so the bytes, follow from
// the order in which things are done.

#include "crdt/undo_step.h"

#include <algorithm>

#include "base/bytes.h"

namespace concord::crdt {

template <class Visit>
void UndoStep::each(const ClockRanges& ranges, Visit visit) {
  for (const ClockRanges::Client& client : ranges.clients()) {
    for (const ClockRanges::Range& range : client.ranges) {
      for (std::uint32_t clock = range.clock; clock < std::min(range.end(), store_.clients[client.client].state);) {
        const ItemRef item = starting_at({client.client, clock});
        if (store_.items[item].end() > range.end()) starting_at({client.client, range.end()});
        clock = store_.items[item].end();
        visit(item);
      }
    }
  }
}

ItemRef UndoStep::starting_at(Id id) { return replica_.item_starting_at(id); }

bool UndoStep::in_scope(ItemRef item) const {
  if (manager_.whole_document_) return true;
  for (; item != kNone; item = holder(item)) {
    const auto type = engine_.handle<SharedType>(store_.parent_of(store_.items[item]));
    if (std::ranges::find(manager_.scope_, type) != manager_.scope_.end()) return true;
  }
  return false;
}

void UndoStep::set_keep(ItemRef item, bool keep) {
  for (; item != kNone && store_.items[item].has(kFlagKeep) != keep; item = holder(item)) {
    if (keep)
      store_.items[item].set(kFlagKeep);
    else
      store_.items[item].unset(kFlagKeep);
  }
}

void UndoStep::keep(const ClockRanges& deletions, bool keep) {
  each(deletions, [&](ItemRef item) {
    if (!store_.items[item].is_gc() && in_scope(item)) set_keep(item, keep);
  });
}

/// The copy that was made of an item; kNone where it is gone.
ItemRef UndoStep::copy_of(ItemRef item) {
  const ItemRef copy = starting_at(store_.redone.find(store_.items[item].id()));
  return store_.items[copy].is_gc() ? kNone : copy;
}

/// The item itself, or its copy's copy, as far as it takes to be in the type that `parent` holds; or kNone.
ItemRef UndoStep::copy_in(ItemRef item, ItemRef parent) {
  while (item != kNone && holder(item) != parent) item = store_.items[item].has(kFlagRedone) ? copy_of(item) : kNone;
  return item;
}

bool UndoStep::may_delete(ItemRef item) const {
  if (!manager_.options_.delete_filter) return true;
  const Item& it = store_.items[item];
  UndoTarget target;
  target.client = ClientId{store_.clients[it.client].id};
  target.clock = it.clock;
  target.length = it.length;
  target.parent = engine_.handle<SharedType>(store_.parent_of(it));
  if (it.kind() == Kind::kType) target.type = engine_.handle<SharedType>(it.content);
  return manager_.options_.delete_filter(target);
}

bool UndoStep::take_back(const StackItem& step) {
  step_ = &step;
  replica_.forget_place();
  to_redo_.clear();
  wanted_.clear();
  std::vector<ItemRef> to_delete;
  each(step.insertions, [&](ItemRef item) {
    if (store_.items[item].is_gc()) return;
    if (store_.items[item].has(kFlagRedone)) {
      Id id = store_.items[item].id();
      do {
        id = store_.redone.find(id);
        item = store_.find(id);
      } while (store_.items[item].has(kFlagRedone));
      item = starting_at(id);
    }
    if (!store_.items[item].deleted() && in_scope(item)) to_delete.push_back(item);
  });
  each(step.deletions, [&](ItemRef item) {
    const Item& it = store_.items[item];
    // What the same step has made and deleted stays away.
    if (it.is_gc() || !in_scope(item) || step.insertions.contains(it.id()) || wanted_.find(item) != IdTable::kAbsent)
      return;
    wanted_.set(item, 1);
    to_redo_.push_back(item);
  });
  bool changed = false;
  for (const ItemRef item : to_redo_) changed = redo(item) || changed;
  // Children go before parents.
  for (auto item = to_delete.rbegin(); item != to_delete.rend(); ++item) {
    if (!may_delete(*item)) continue;
    replica_.erase_item(*item);
    changed = true;
  }
  return changed;
}

/// Brings an item back, after those that hold it; false where it cannot be.
bool UndoStep::redo(ItemRef item) {
  std::vector<ItemRef> chain;  // from the inside out
  for (;; item = holder(item)) {
    chain.push_back(item);
    if (store_.items[item].has(kFlagRedone)) break;
    const ItemRef parent = holder(item);
    if (parent == kNone || !store_.items[parent].deleted() || store_.items[parent].has(kFlagRedone)) break;
    if (wanted_.find(parent) == IdTable::kAbsent) return false;
  }
  return std::ranges::all_of(chain.rbegin(), chain.rend(), [this](ItemRef one) { return redo_one(one); });
}

bool UndoStep::redo_one(ItemRef item) {
  if (store_.items[item].has(kFlagRedone)) {
    copy_of(item);
    return true;
  }
  ItemRef parent = holder(item);
  if (parent != kNone && store_.items[parent].deleted())
    while (parent != kNone && store_.items[parent].has(kFlagRedone)) parent = copy_of(parent);
  if (!has_room(store_.items[item])) return false;
  TypeRef type = store_.parent_of(store_.items[item]);
  if (parent != holder(item)) {
    if (parent == kNone || store_.items[parent].kind() != Kind::kType) return false;
    type = store_.items[parent].content;
  }
  ItemRef left = kNone;
  ItemRef right = kNone;
  if (store_.items[item].in_map()) {
    if (!redo_place_in_map(item, type, parent, left)) return false;
  } else {
    for (left = store_.items[item].left; left != kNone; left = store_.items[left].left) {
      if (const ItemRef found = copy_in(left, parent); found != kNone) {
        left = found;
        break;
      }
    }
    for (right = item; right != kNone; right = store_.items[right].right) {
      if (const ItemRef found = copy_in(right, parent); found != kNone) {
        right = found;
        break;
      }
    }
  }
  copy(item, left, right, type);
  return true;
}

bool UndoStep::has_room(const Item& item) const {
  return store_.contents.fits(store_.span_of(item).bytes) &&
         item.length <= kMaxClock - store_.clients[replica_.own_].state;
}

bool UndoStep::deleted_by_stacks(Id id) const {
  const auto deletes = [id](const StackItem& step) { return step.deletions.contains(id); };
  return std::ranges::any_of(manager_.undo_stack_, deletes) || std::ranges::any_of(manager_.redo_stack_, deletes);
}

/// A map value comes back behind what has replaced it, if only this manager's own changes have.
bool UndoStep::redo_place_in_map(ItemRef item, TypeRef type, ItemRef parent, ItemRef& left) {
  const std::uint32_t entry = store_.find_entry(type, store_.entries[store_.items[item].home].key);
  const ItemRef last = entry != kNone ? store_.entries[entry].tail : kNone;
  left = last;
  if (store_.items[item].right == kNone || manager_.options_.ignore_remote_map_changes) return true;
  left = item;
  while (store_.items[left].right != kNone) {
    const ItemRef next = store_.items[left].right;
    const Id id = store_.items[next].id();
    if (!store_.items[next].has(kFlagRedone) && !step_->insertions.contains(id) && !deleted_by_stacks(id)) return false;
    left = next;
    while (store_.items[left].has(kFlagRedone)) {
      left = copy_of(left);
      if (left == kNone) return false;
    }
  }
  if (holder(left) != parent) left = last;
  return true;
}

ItemRef UndoStep::copy(ItemRef item, ItemRef left, ItemRef right, TypeRef type) {
  const bool in_map = store_.items[item].in_map();
  const std::uint32_t entry = in_map ? store_.entry(type, store_.entries[store_.items[item].home].key) : kNone;
  const ItemRef made = store_.new_item();
  const Item from = store_.items[item];
  Item it{};
  it.client = replica_.own_ & kNoClient;
  it.clock = store_.clients[replica_.own_].state;
  it.length = from.length;
  it.set_kind(from.kind());
  it.set_origin(left != kNone ? store_.items[left].last_id() : Id{});
  it.set_right_origin(right != kNone ? store_.items[right].id() : Id{});
  it.set(kFlagKeep);
  copy_content(from, it);
  store_.items[made] = it;
  store_.items[item].set(kFlagRedone);
  store_.redone.set(from.id(), it.id());
  set_keep(store_.types[type].item, true);
  replica_.integrate(made, left, right, type, entry);
  return made;
}

void UndoStep::copy_content(const Item& from, Item& to) {
  switch (from.kind()) {
    case Kind::kDeleted:
      return;
    case Kind::kFormat:
      to.content = from.content;
      return;
    case Kind::kType: {
      const TypeRecord& type = store_.types[from.content];
      to.content = store_.new_type(type.kind, kNone, type.name);
      return;
    }
    default:
      break;
  }
  const Bytes bytes = to_bytes(store_.bytes_of(from));
  to.content = store_.contents.append(bytes);
  if (from.kind() == Kind::kString && !from.has(kFlagWide)) return;
  if (from.kind() == Kind::kString) to.set(kFlagWide);
  to.content = store_.contents.new_span({to.content, static_cast<std::uint32_t>(bytes.size())});
}

}  // namespace concord::crdt
