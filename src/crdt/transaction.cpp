// A transaction: what it deletes, and what is done at its end, in Yjs's order, because the order shows in the bytes:
// collect what was deleted, merge neighbours that can be one struct, then write the update that went out of it.

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/fields_v1.h"

namespace concord::crdt {

void Replica::begin(bool local, const Origin* origin) {
  if (cleaning_) [[unlikely]]
    split_.swap(queue_[cleaned_]->split);
  active_ = true;
  local_ = local;
  origin_ = origin;
  plain_ = Plain::kNo;
  ++stamp_;
  touched_.clear();
  deleted_.clear();
  split_.clear();
  recorded_ = observed_ || cleaning_ || (options_.clean_formats && !local);
  if (recorded_) changes_.clear();
}

void Replica::touch_first(ClientRef client) {
  ClientRecord& record = store.clients[client];
  record.stamp = stamp_;
  record.before = record.state;
  if (record.state == 0) record.rank = ++ranks_;
  touched_.push_back(client);
}

/// An item came or was deleted: its type has changed, if it was there before this transaction.
void Replica::record_change(const Item& item) {
  const TypeRef type = store.parent_of(item);
  const TypeRecord& record = store.types[type];
  if (record.item != kNone) {
    const Item& holder = store.items[record.item];
    if (holder.deleted() || holder.clock >= before(static_cast<ClientRef>(holder.client))) return;
  }
  changes_.note(type, item.in_map() ? item.home : kNone);
}

void Replica::erase_item(ItemRef first) {
  work_.clear();
  work_.push_back(first);
  while (!work_.empty()) {
    const ItemRef item = work_.back();
    work_.pop_back();
    Item& it = store.items[item];
    if (it.deleted()) continue;
    const auto units = static_cast<std::int32_t>(it.visible());
    it.set(kFlagDeleted);
    store.count_change(item, -units, it.kind() == Kind::kFormat ? -1 : 0);
    record_deletion(it);
    if (recorded_) [[unlikely]]
      record_change(it);
    if (it.kind() == Kind::kDoc) [[unlikely]]
      mentions.remove(it.id(), recorded_ ? &changes_ : nullptr);
    if (it.kind() != Kind::kType) continue;

    const auto visit = [&](ItemRef child) {
      const Item& c = store.items[child];
      const auto client = static_cast<ClientRef>(c.client);
      if (!c.deleted())
        work_.push_back(child);
      else if (c.clock < before(client))
        split_.emplace_back(client, c.clock);
    };
    const TypeRecord& type = store.types[it.content];
    const auto children = static_cast<std::ptrdiff_t>(work_.size());
    for (ItemRef child = type.start; child != kNone; child = store.items[child].right) visit(child);
    for (std::uint32_t e = type.first_entry; e != kNone; e = store.entries[e].next)
      if (store.entries[e].tail != kNone) visit(store.entries[e].tail);
    std::reverse(work_.begin() + children, work_.end());  // whose turn it is shows in the order of clients
    if (recorded_) changes_.drop(it.content);
  }
}

// ---- collection

void Replica::collect() {
  for (const auto& range : deleted_) {
    const ClockIndex& index = store.clients[range.client].index;
    ClockPosition at = index.find(store.items.data(), range.clock);
    do {
      const ItemRef item = index.at(at);
      const Item& it = store.items[item];
      if (it.clock >= range.clock + range.length) break;
      const bool done = it.is_gc() || it.kind() == Kind::kDeleted;
      if (!done && it.deleted() && !it.has(kFlagKeep)) collect_item(item, false);
    } while (index.next(at));
  }
}

/// Drops the content of a deleted item; what a type held becomes GC structs.
void Replica::collect_item(ItemRef first, bool parent_collected) {
  work_.clear();
  work_.push_back(first);
  bool outermost = !parent_collected;
  while (!work_.empty()) {
    const ItemRef item = work_.back();
    work_.pop_back();
    if (store.items[item].kind() == Kind::kType) {
      const TypeRef type = store.items[item].content;
      const TypeRecord& record = store.types[type];
      for (ItemRef child = record.start; child != kNone; child = store.items[child].right) work_.push_back(child);
      for (std::uint32_t e = record.first_entry; e != kNone; e = store.entries[e].next)
        for (ItemRef child = store.entries[e].tail; child != kNone; child = store.items[child].left)
          work_.push_back(child);
      store.free_type(type);
      store.items[item].set_kind(Kind::kDeleted);
    } else {
      store.free_content(item);
    }
    Item& it = store.items[item];
    it.content = 0;
    if (outermost) {
      it.set_kind(Kind::kDeleted);
      outermost = false;
      continue;
    }
    it.set_kind(Kind::kGc);
    it.flags = kFlagDeleted;
    it.left = it.right = kNone;
    it.home = kNone;
    it.set_origin({});
    it.set_right_origin({});
  }
}

// ---- merging

bool Replica::mergeable(const Item& left, const Item& right, ItemRef right_ref) const {
  if (left.deleted() != right.deleted() || left.kind() != right.kind()) return false;
  if (left.is_gc()) return true;
  return Store::joins(left.kind()) && left.right == right_ref && right.origin() == left.last_id() &&
         left.right_origin() == right.right_origin() && !left.has(kFlagRedone) && !right.has(kFlagRedone);
}

/// Merges the struct at `at` with as many on its left as can be; leaves `at` where the result is. How many went.
std::uint32_t Replica::merge_with_lefts(ClientRef client, ClockPosition& at) {
  ClockIndex& index = store.clients[client].index;
  ClockPosition left = at;
  ItemRef right_ref = index.at(at);
  run_.clear();
  run_.push_back(right_ref);
  while (index.previous(left)) {
    const ItemRef left_ref = index.at(left);
    if (!mergeable(store.items[left_ref], store.items[right_ref], right_ref)) break;
    run_.push_back(left_ref);
    right_ref = left_ref;
  }
  if (run_.size() == 1) return 0;
  std::ranges::reverse(run_);
  const ItemRef first = run_[0];
  const bool gc = store.items[first].is_gc();
  if (!gc) store.join_contents(run_.data(), run_.size());

  std::uint32_t units = 0;
  for (std::size_t i = run_.size() - 1; i > 0; --i) {
    const ItemRef item = run_[i];
    Item& it = store.items[item];
    units += it.length;
    if (!gc) unlink_merged(first, item, i);
    const ClockPosition here = at;
    index.previous(at);
    index.erase(here, store.items.data());
    store.free_item(item);
  }
  Item& merged = store.items[first];
  const bool visible = merged.visible() != 0;
  merged.length += units;
  if (!gc && visible && !merged.in_map()) store.index.add(merged.home, static_cast<std::int32_t>(units));
  return static_cast<std::uint32_t>(run_.size() - 1);
}

/// Takes the right neighbour of the item or run that `first` begins out of its list and index.
void Replica::unlink_merged(ItemRef first, ItemRef item, std::size_t place_in_run) {
  const Item& it = store.items[item];
  if (it.has(kFlagKeep)) store.items[first].set(kFlagKeep);
  if (last_.item == item) {
    for (std::size_t i = 0; i < place_in_run; ++i) last_.start -= store.items[run_[i]].visible();
    last_.item = first;
  }
  const ItemRef left = it.left;
  const ItemRef right = it.right;
  if (it.in_map()) {
    if (store.entries[it.home].tail == item) store.entries[it.home].tail = left;
  } else {
    TypeRecord& type = store.types[store.index.type_of(it.home)];
    store.index.remove(type.tree, item);
  }
  store.items[left].right = right;
  if (right != kNone) store.items[right].left = left;
}

void Replica::merge_deleted() {
  for (const auto& range : deleted_) {
    if (range.clock >= before(range.client)) continue;  // merge_new tries all of these
    const ClockIndex& index = store.clients[range.client].index;
    ClockPosition at = index.find(store.items.data(), range.clock + range.length - 1);
    index.next(at);
    while (at != index.begin() && store.items[index.at(at)].clock >= range.clock) {
      merge_with_lefts(range.client, at);
      if (!index.previous(at)) break;
    }
  }
}

void Replica::merge_new() {
  for (const ClientRef client : touched_) {
    const ClientRecord& record = store.clients[client];
    if (record.before == record.state) continue;
    ClockPosition at = record.index.last_position();
    ItemRef right_ref = record.index.at(at);
    while (at != record.index.begin() && store.items[right_ref].end() > record.before) {
      ClockPosition left = at;
      record.index.previous(left);
      ItemRef left_ref = record.index.at(left);
      const Item& right = store.items[right_ref];
      // Each of these by itself is hard to foretell; that none differs is rare.
      const std::uint64_t differs = (right.kind_bits ^ store.items[left_ref].kind_bits) |
                                    (right.origin_client ^ client) | (right.origin_clock + 1U - right.clock);
      const bool may_be = differs == 0 || right.is_gc();
      if (may_be && mergeable(store.items[left_ref], right, right_ref)) {
        merge_with_lefts(client, at);
        left = at;
        if (!record.index.previous(left)) break;
        left_ref = record.index.at(left);
      }
      at = left;
      right_ref = left_ref;
    }
  }
}

void Replica::merge_split() {
  for (std::size_t i = split_.size(); i > 0; --i) {
    const auto [client, clock] = split_[i - 1];
    const ClockIndex& index = store.clients[client].index;
    ClockPosition at = index.find(store.items.data(), clock);
    ClockPosition next = at;
    if (index.next(next) && merge_with_lefts(client, next) > 1) continue;
    at = index.find(store.items.data(), clock);
    merge_with_lefts(client, at);
  }
}

void Replica::clean_up() {
  normalize(deleted_, [this](ClientRef a, ClientRef b) { return store.clients[a].id > store.clients[b].id; });
  if (options_.gc) collect();
  merge_deleted();
  merge_new();
  merge_split();
}

void Replica::finish() {
  active_ = false;
  if (store.contents.wants_compaction()) store.compact();
}

// ---- the update of a transaction

UpdateBufferV2& Replica::v2_buffer() {
  if (!v2_) v2_ = std::make_unique<UpdateBufferV2>();
  v2_->rest.clear();
  return *v2_;
}

void Replica::write_transaction(Bytes& update) {
  std::ranges::sort(touched_, [this](ClientRef a, ClientRef b) { return store.clients[a].id > store.clients[b].id; });
  const bool v2 = options_.update_format == UpdateFormat::kV2;
  const auto write = [this, v2](auto& out) {
    out.rest().uint(touched_.size());
    for (const ClientRef client : touched_) write_structs(out, client, store.clients[client].before);
    write_delete_set(out.rest(), deleted_, [this](ClientRef client) { return store.clients[client].id; }, v2);
  };
  if (!v2) {
    FieldWriterV1 out(update);
    return write(out);
  }
  UpdateBufferV2& buffer = v2_buffer();
  write(buffer.fields);
  buffer.fields.finish(update, buffer.rest);
}

void Engine::commit_local(Bytes& update) {
  if (write_in_place(update)) return finish();
  if (recorded_) [[unlikely]]
    return commit_recorded(update);
  if (changed() || !split_.empty()) clean_up();
  if (changed()) write_transaction(update);
  finish();
}

}  // namespace concord::crdt
