// Text and deleted content whose origin and right origin stand side by side: there is nothing to cut, to wait for or to
// decide. These are nearly all structs of a document that is loaded, so they are linked here in one tight loop, with
// the outcome that integrate_draft() has.

#include <algorithm>

#include "crdt/engine.h"

namespace concord::crdt {

/// A table from clocks to the drafts of a section: structs are about equally long on the whole, so that the one that
/// holds a clock is in or near its bucket. Each draft is noted at the first bucket that begins in or behind it, the
/// last of several stays, and buckets that none begins at have what the one before has: no branch on where drafts
/// begin.
void DraftFinder::build(const Drafts& drafts, const DraftSection& section, const Item* items) {
  constexpr std::uint32_t kWorthIt = 64;
  built_for_ = section.first;
  buckets_.clear();
  if (section.count < kWorthIt) return;
  const ItemRef* refs = drafts.items.data() + section.first;
  first_clock_ = items[refs[0]].clock;
  const std::uint32_t last = items[refs[section.count - 1]].clock - first_clock_;
  shift_ = 0;
  while ((last >> shift_) >= section.count) ++shift_;
  const std::size_t round_up = (std::size_t{1} << shift_) - 1;
  buckets_.resize(((last + round_up) >> shift_) + 1);
  std::uint32_t* buckets = buckets_.data();
  for (std::uint32_t number = 0; number < section.count; ++number)
    buckets[(items[refs[number]].clock - first_clock_ + round_up) >> shift_] = number;
  std::uint32_t before = 0;
  for (std::uint32_t& bucket : buckets_) before = bucket = std::max(bucket, before);
}

ItemRef DraftFinder::find(const Drafts& drafts, const DraftSection& section, const Item* items,
                          std::uint32_t clock) const {
  constexpr std::uint32_t kFew = 8;
  if (clock < first_clock_ || buckets_.empty()) return kNone;
  const std::size_t bucket = (clock - first_clock_) >> shift_;
  if (bucket >= buckets_.size()) return kNone;
  std::uint32_t number = buckets_[bucket];
  for (const std::uint32_t stop = number + kFew; number < stop; ++number) {
    if (number >= section.next) return kNone;
    const bool before_next =
        number + 1 < section.next && items[drafts.items[section.first + number + 1]].clock <= clock;
    if (!before_next) return drafts.items[section.first + number];
  }
  return kNone;
}

namespace {

bool ends_with(const Item& item, Id id) {
  return item.kind() != Kind::kFree && item.client == id.client && item.clock <= id.clock && item.end() == id.clock + 1;
}

}  // namespace

/// Stops at the first draft that is otherwise. What every draft adds to, the client's state and the sums of the leaf
/// that it goes to, is kept here meanwhile and written down by `leave`.
void Engine::integrate_neighbours(DraftSection& section, const Drafts& drafts) {
  if (recorded_ || store.crowded.any()) return;
  const ClientRef self = section.client;
  ClientRecord& client = store.clients[self];
  Item* items = store.items.data();
  if (!finder_.is_for(section)) finder_.build(drafts, section, items);
  forget_place();
  LeafRef home = kNone;  // of the draft before; its type is not deleted
  std::uint32_t linked = 0;
  std::uint32_t units = 0;
  std::uint32_t state = client.state;
  const auto leave = [&] {
    if (linked == 0) return;
    client.state = state;
    store.types[store.index.type_of(home)].length += units;
    store.index.insert_deferred(home, linked, units);
    linked = units = 0;
  };
  for (; section.next < section.count; ++section.next) {
    const ItemRef item = drafts.items[section.first + section.next];
    Item& it = items[item];
    const bool text = it.kind() == Kind::kString;
    const Id origin = it.origin();
    if (it.clock != state || !(text || it.kind() == Kind::kDeleted) || !origin.present()) break;
    ItemRef left = kNone;
    if (origin.client == self && origin.clock + 1 == state) {
      left = client.index.last();
    } else {
      if (origin.clock >= (origin.client == self ? state : store.clients[origin.client].state)) break;
      if (origin.client == self) left = finder_.find(drafts, section, items, origin.clock);
      if (left == kNone || !ends_with(items[left], origin)) left = store.find(origin);
      if (!ends_with(items[left], origin)) break;
    }
    Item& before = items[left];
    if (before.is_gc() || before.in_map()) break;
    const ItemRef right = before.right;
    const Id right_origin = it.right_origin();
    if (right == kNone ? right_origin.present() : !(items[right].id() == right_origin)) break;
    if (before.home != home) {
      const ItemRef holder = store.types[store.index.type_of(before.home)].item;
      if (holder != kNone && items[holder].deleted()) break;
      leave();
      home = before.home;
    }
    if (linked == 0) touch(self);
    ++linked;
    it.left = left;
    it.right = right;
    before.right = item;
    if (right != kNone) items[right].left = item;
    it.home = home;
    if (!text) it.set(kFlagDeleted);
    const std::uint32_t length = it.length;
    units += text ? length : 0;
    client.index.push_back(item, state);
    state += length;
  }
  leave();
}

}  // namespace concord::crdt
