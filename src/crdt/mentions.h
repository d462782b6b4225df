#pragma once
// Mentions: which other documents a document mentions, by the items that hold the mentions, and whether their content
// is wanted here. What changes is noted in the record of the running transaction, where there is one.

#include <cstdint>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "crdt/changes.h"
#include "crdt/item.h"

namespace concord::crdt {

class Mentions {
 public:
  using Table = std::map<std::pair<ClientRef, std::uint32_t>, bool>;

  /// `content` is the item's; it says whether every replica wants the document.
  void add(Id id, ByteView content, ChangeRecord* record);
  void remove(Id id, ChangeRecord* record);
  void load(Id id, ChangeRecord* record);

  bool contains(Id id) const { return table_.contains({id.client, id.clock}); }
  bool wants(Id id) const {
    const auto found = table_.find({id.client, id.clock});
    return found != table_.end() && found->second;
  }
  const Table& table() const { return table_; }

 private:
  Table table_;
};

}  // namespace concord::crdt
