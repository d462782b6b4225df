#pragma once
// RedoneTable: where an undo manager has put what was deleted again: an id goes to the id of its copy. An item that has
// been redone carries kFlagRedone; the table is asked for such items only, so that ranges need no end and a split of an
// item no change here. Nothing is ever redone twice.

#include <cstdint>
#include <map>

#include "crdt/item.h"

namespace concord::crdt {

class RedoneTable {
 public:
  /// The ids from `from` on, up to the end of its item, have their copies from `to` on.
  void set(Id from, Id to) { copies_[key(from)] = to; }
  /// Of an id in an item with kFlagRedone.
  Id find(Id id) const {
    const auto range = std::prev(copies_.upper_bound(key(id)));
    return {range->second.client, range->second.clock + static_cast<std::uint32_t>(key(id) - range->first)};
  }
  bool empty() const { return copies_.empty(); }
  std::size_t heap_bytes() const { return copies_.size() * 64; }

 private:
  static std::uint64_t key(Id id) { return static_cast<std::uint64_t>(id.client) << 32U | id.clock; }
  std::map<std::uint64_t, Id> copies_;
};

}  // namespace concord::crdt
