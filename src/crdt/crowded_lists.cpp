#include "crdt/crowded_lists.h"

#include <algorithm>
#include <bit>

#include "crdt/store.h"

namespace concord::crdt {
namespace {

constexpr std::uint64_t kLeastWalks = 4096;
/// How often its length a list must have been walked; about what making an index costs.
constexpr std::uint64_t kWorth = 8;
constexpr std::size_t kLeastLife = 1024;  // items that come

Id last_unit(const Store& store, ItemRef item) { return item != kNone ? store.items[item].last_id() : Id{}; }

}  // namespace

ItemRef CrowdedLists::first_of(const Store& store, ListName list) {
  return list.entry != kNone ? store.entries[list.entry].head : store.types[list.type].start;
}

ConflictIndex::Entry CrowdedLists::entry_of(const Store& store, ItemRef item) {
  const Item& it = store.items[item];
  return {it.id(), it.length, it.origin(), store.clients[it.client].id};
}

void CrowdedLists::walked(const Store& store, ListName list, std::size_t items) {
  const std::uint32_t known = walks_.find(key(list));
  const std::uint64_t before = known == IdTable::kAbsent ? 0 : known;
  const std::uint64_t now = std::min<std::uint64_t>(before + items, IdTable::kAbsent - 1);
  walks_.set(key(list), static_cast<std::uint32_t>(now));
  // The list is measured when walks have doubled, no further than they are worth.
  if (now < kLeastWalks || std::bit_width(before) == std::bit_width(now)) return;
  std::uint64_t length = 0;
  ItemRef item = first_of(store, list);
  for (; item != kNone && length <= now / kWorth; item = store.items[item].right) ++length;
  if (item != kNone) return;

  walks_.erase(key(list));
  Indexed& made = lists_[key(list)];
  for (item = first_of(store, list); item != kNone; item = store.items[item].right)
    made.index.insert(entry_of(store, item), last_unit(store, store.items[item].left));
  made.index.filled();
  made.until = made.index.size() + std::max<std::size_t>(made.index.size(), kLeastLife);
}

void CrowdedLists::linked(const Store& store, ListName list, ItemRef item) {
  const auto found = lists_.find(key(list));
  if (found == lists_.end()) return;
  Indexed& indexed = found->second;
  const bool taken = indexed.index.size() < indexed.until &&
                     indexed.index.insert(entry_of(store, item), last_unit(store, store.items[item].left));
  if (!taken) lists_.erase(found);
}

/// An index has all units of its list, in their order; runs and items need not begin at the same ones.
const char* CrowdedLists::validate(const Store& store) const {
  for (const auto& [key, indexed] : lists_) {
    const OriginTree& tree = indexed.index.tree();
    if (const char* wrong = tree.validate()) return wrong;
    const bool is_entry = key >> 32U != 0;
    const auto number = static_cast<std::uint32_t>(key);
    RunRef run = OriginTree::kFront;
    Id unit;  // the next of `run`, where it has more
    ItemRef item = first_of(store, is_entry ? ListName{kNone, number} : ListName{number, kNone});
    for (; item != kNone; item = store.items[item].right) {
      const Item& it = store.items[item];
      for (Id here = it.id(); here.clock < it.end();) {
        if (!unit.present() || unit.clock == tree[run].end) {
          const RunRef next = tree.holding(here);
          if (next == kNone || tree.previous(next) != run) return "an index has another order than its list";
          run = next;
          unit = tree[run].first;
        }
        if (!(here == unit)) return "an index has other units than its list";
        here.clock = unit.clock = std::min(it.end(), tree[run].end);
      }
    }
    if ((unit.present() && unit.clock != tree[run].end) || tree.previous(kNone) != run)
      return "an index has more than its list";
  }
  return nullptr;
}

std::size_t CrowdedLists::heap_bytes() const {
  std::size_t bytes = walks_.heap_bytes();
  for (const auto& [key, indexed] : lists_) bytes += sizeof(indexed) + indexed.index.heap_bytes();
  return bytes;
}

}  // namespace concord::crdt
