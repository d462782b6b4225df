// Text and deleted content whose origin and right origin stand side by side: there is nothing to cut, to wait for or to
// decide. These are nearly all structs of a document that is loaded, so they are linked here in one tight loop, with
// the outcome that integrate_draft() has.

#include "crdt/engine.h"

namespace concord::crdt {

/// A table from clocks to the drafts of a section: structs are about equally long on the whole, so that the one that
/// holds a clock is in or near its bucket.
void DraftFinder::build(const Drafts& drafts, const DraftSection& section, const Item* items) {
  constexpr std::uint32_t kWorthIt = 64;
  built_for_ = section.first;
  buckets_.clear();
  if (section.count < kWorthIt) return;
  const Item& last = items[drafts.items[section.first + section.count - 1]];
  first_clock_ = items[drafts.items[section.first]].clock;
  const std::uint32_t clocks = last.end() - first_clock_;
  shift_ = 0;
  while ((clocks >> shift_) >= section.count) ++shift_;
  buckets_.reserve((clocks >> shift_) + 1U);
  for (std::uint32_t number = 0; number < section.count; ++number) {
    const std::uint32_t offset = items[drafts.items[section.first + number]].clock - first_clock_;
    while (buckets_.size() << shift_ < offset) buckets_.push_back(number - 1);
    if (buckets_.size() << shift_ == offset) buckets_.push_back(number);
  }
}

ItemRef DraftFinder::find(const Drafts& drafts, const DraftSection& section, const Item* items,
                          std::uint32_t clock) const {
  constexpr std::uint32_t kFew = 8;
  if (clock < first_clock_) return kNone;
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

/// Stops at the first draft that is otherwise.
void Engine::integrate_neighbours(DraftSection& section, const Drafts& drafts) {
  if (recorded_) return;
  ClientRecord& client = store.clients[section.client];
  Item* items = store.items.data();
  if (!finder_.is_for(section)) finder_.build(drafts, section, items);
  TypeRef known = kNone;  // a type that is not deleted
  forget_place();
  for (; section.next < section.count; ++section.next) {
    const ItemRef item = drafts.items[section.first + section.next];
    Item& it = items[item];
    if (it.clock != client.state || (it.kind() != Kind::kString && it.kind() != Kind::kDeleted)) return;
    const Id origin = it.origin();
    if (!origin.present() || !store.has(origin)) return;
    ItemRef left = kNone;
    if (origin.client == section.client)
      left =
          origin.clock + 1 == client.state ? client.index.last() : finder_.find(drafts, section, items, origin.clock);
    if (left == kNone || !ends_with(items[left], origin)) left = store.find(origin);
    Item& before = items[left];
    if (before.is_gc() || before.in_map() || !ends_with(before, origin)) return;
    const ItemRef right = before.right;
    const Id right_origin = it.right_origin();
    if (right == kNone ? right_origin.present() : !(items[right].id() == right_origin)) return;
    const TypeRef type = store.index.type_of(before.home);
    if (type != known) {
      const ItemRef holder = store.types[type].item;
      if (holder != kNone && items[holder].deleted()) return;
      known = type;
    }
    touch(section.client);
    it.left = left;
    it.right = right;
    before.right = item;
    if (right != kNone) items[right].left = item;
    it.home = before.home;
    if (it.kind() == Kind::kDeleted) it.set(kFlagDeleted);
    const std::uint32_t units = it.visible();
    store.types[type].length += units;
    store.index.insert_deferred(it.home, units);
    client.index.push_back(item, it.clock);
    client.state = it.end();
  }
}

}  // namespace concord::crdt
