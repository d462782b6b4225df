#pragma once
// CrowdedLists: which lists and map entries have a ConflictIndex. Walks among concurrent items are short in what people
// write, so no list has one at first. A list earns it by long walks, once they have come to several times its length;
// and has it until as many items more have come as it was made with. So making it costs no more than the walks did, and
// all together, walks and indexes, cost a logarithm for each item.

#include <cstddef>
#include <cstdint>
#include <map>

#include "crdt/conflict_index.h"
#include "crdt/id_table.h"

namespace concord::crdt {

class Store;

/// A list of a type, or with an entry, that of one key of its map.
struct ListName {
  std::uint32_t type = kNone;
  std::uint32_t entry = kNone;
};

class CrowdedLists {
 public:
  /// So far a walk is plain where there is an index too.
  static constexpr std::size_t kPatience = 16;

  /// Whether any list has an index. Then each item that is linked has to be told by linked(), and none may grow.
  bool any() const { return !lists_.empty(); }
  /// Null where the list has none.
  ConflictIndex* find(ListName list) {
    const auto found = lists_.find(key(list));
    return found != lists_.end() ? &found->second.index : nullptr;
  }
  /// A plain walk went past so many items.
  void walked(const Store& store, ListName list, std::size_t items);
  void linked(const Store& store, ListName list, ItemRef item);
  /// The list is no more.
  void forget(ListName list) {
    if (lists_.empty() && walks_.size() == 0) return;
    lists_.erase(key(list));
    walks_.erase(key(list));
  }

  /// The first broken invariant of an index, or null.
  const char* validate(const Store& store) const;
  std::size_t heap_bytes() const;

 private:
  struct Indexed {
    ConflictIndex index;
    std::size_t until = 0;  // size
  };
  static std::uint64_t key(ListName list) {
    return list.entry == kNone ? list.type : std::uint64_t{1} << 32U | list.entry;
  }
  static ItemRef first_of(const Store& store, ListName list);
  static ConflictIndex::Entry entry_of(const Store& store, ItemRef item);

  std::map<std::uint64_t, Indexed> lists_;
  IdTable walks_;  // items, of lists without an index
};

}  // namespace concord::crdt
