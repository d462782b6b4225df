// The integration rule. An item says which item was on its left and which on its right when it was made (its origins).
// Between the two there may by now be others, made concurrently. YATA orders them without crossing origin lines: among
// items with the same origin the lower client id comes first, and what was attached to an item stays behind it.

#include "crdt/replica.h"

namespace concord::crdt {

ItemRef Replica::split(ItemRef item, std::uint32_t units) {
  const ItemRef part = store.split(item, units);
  const Item& right = store.items[part];
  split_.emplace_back(static_cast<ClientRef>(right.client), right.clock);
  return part;
}

ItemRef Replica::item_starting_at(Id id) {
  const ItemRef item = store.find(id);
  const Item& it = store.items[item];
  if (it.clock < id.clock && !it.is_gc()) return split(item, id.clock - it.clock);
  return item;
}

ItemRef Replica::item_ending_at(Id id) {
  const ItemRef item = store.find(id);
  const Item& it = store.items[item];
  if (id.clock != it.end() - 1 && !it.is_gc()) split(item, id.clock - it.clock + 1);
  return item;
}

/// The item after which `item` belongs, given that others may stand between `left` and `right`.
ItemRef Replica::resolve_conflicts(const Item& item, ItemRef left, ItemRef right, TypeRef type, std::uint32_t entry) {
  ItemRef other = left != kNone    ? store.items[left].right
                  : entry != kNone ? store.entries[entry].head
                                   : store.types[type].start;
  // ***{origin}bbbb{this}{c,b}{c,b}{o}***: c are the conflicting items since the last one this was put behind; b are
  // all between the origin and this. `visited_` is b in order, and c its part from `conflicting` on.
  visited_.clear();
  std::size_t conflicting = 0;
  constexpr std::size_t kFew = 24;  // from here on a hash table knows who was visited
  constexpr std::size_t kLong = 64;
  constexpr std::size_t kMany = 1024;
  const std::uint64_t own_id = store.clients[item.client].id;
  const auto order_of = [&](ItemRef wanted) -> std::size_t {
    if (visited_.size() >= kFew) {
      const std::uint32_t found = visited_numbers_.find(wanted);
      return found == IdTable::kAbsent ? visited_.size() : found;
    }
    for (std::size_t i = visited_.size(); i > 0; --i)
      if (visited_[i - 1] == wanted) return i - 1;
    return visited_.size();
  };

  ConflictIndex* const index = store.crowded.any() ? store.crowded.find({type, entry}) : nullptr;
  while (other != kNone && other != right) {
    if (index != nullptr && visited_.size() == CrowdedLists::kPatience) {
      const auto place = index->place(item.origin(), item.right_origin(), own_id);
      if (place) return place->present() ? store.find(*place) : kNone;
    }
    visited_.push_back(other);
    if (visited_.size() == kFew) {
      visited_numbers_.clear();
      for (std::size_t i = 0; i < kFew; ++i) visited_numbers_.set(visited_[i], static_cast<std::uint32_t>(i));
    } else if (visited_.size() > kFew) {
      visited_numbers_.set(other, static_cast<std::uint32_t>(visited_.size() - 1));
    }
    const Item& it = store.items[other];
    if (it.origin() == item.origin()) {
      if (store.clients[it.client].id < own_id) {
        left = other;
        conflicting = visited_.size();
      } else if (it.right_origin() == item.right_origin()) {
        break;
      }
    } else {
      if (!it.origin().present()) break;
      // Most follow what they were typed behind, which was visited just before them; others are looked up.
      const bool follows = visited_.size() > 1 && store.items[it.left].last_id() == it.origin();
      const std::size_t order = follows ? visited_.size() - 2 : order_of(store.find(it.origin()));
      if (order == visited_.size()) break;
      if (order < conflicting) {
        left = other;
        conflicting = visited_.size();
      }
    }
    other = it.right;
  }
  if (visited_.size() > kLong) [[unlikely]] {
    store.crowded.walked(store, {type, entry}, visited_.size());
    if (visited_.size() > kMany) visited_numbers_ = IdTable();  // to clear it costs its size
  }
  return left;
}

void Replica::become_gc(ItemRef item) {
  if (store.items[item].kind() == Kind::kType) {
    store.free_type(store.items[item].content);
  } else {
    store.free_content(item);
  }
  Item& it = store.items[item];
  it.set_kind(Kind::kGc);
  it.flags = kFlagDeleted;
  it.left = it.right = kNone;
  it.home = kNone;
  it.set_origin({});
  it.set_right_origin({});
}

void Replica::integrate(ItemRef item, ItemRef left, ItemRef right, TypeRef type, std::uint32_t entry) {
  forget_place();
  const ItemRef right_neighbour = left != kNone ? store.items[left].right : kNone;
  const bool crowded = left == kNone ? (right == kNone || store.items[right].left != kNone) : right_neighbour != right;
  if (crowded) left = resolve_conflicts(store.items[item], left, right, type, entry);

  const Kind kind = store.items[item].kind();
  if (kind == Kind::kDeleted) store.items[item].set(kFlagDeleted);
  store.link(item, type, entry, left);
  if (store.crowded.any()) [[unlikely]]
    store.crowded.linked(store, {type, entry}, item);
  touch(static_cast<ClientRef>(store.items[item].client));
  store.add_struct(item);

  const Item& it = store.items[item];
  if (entry != kNone && it.right == kNone && it.left != kNone) erase_item(it.left);
  if (kind == Kind::kDeleted && (local_ || recorded_)) record_deletion(store.items[item]);  // nothing to collect
  if (kind == Kind::kFormat) store.types[type].has_formats = true;
  if (kind == Kind::kType) store.types[it.content].item = item;
  if (kind == Kind::kDoc) [[unlikely]]
    mentions.add(store.items[item].id(), store.bytes_of(store.items[item]), recorded_ ? &changes_ : nullptr);
  if (recorded_) [[unlikely]]
    record_change(store.items[item]);

  const ItemRef holder = store.types[type].item;
  const bool parent_deleted = holder != kNone && store.items[holder].deleted();
  if (parent_deleted || (entry != kNone && store.items[item].right != kNone)) erase_item(item);
}

}  // namespace concord::crdt
