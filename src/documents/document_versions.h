#pragma once
// Which documents of a shard the tables know, and at which version: for who compares them with what is stored.

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "engines/tables.h"
#include "shard/shard_map.h"

namespace concord::documents {

struct DocumentVersion {
  DocumentId id;
  std::uint64_t version = 0;
  engines::Position snapshot;  // of the one that the tables name; 0: none
};

struct DocumentVersions {
  std::vector<DocumentVersion> rows;
  std::string after;   // how far was looked
  bool ended = false;  // there is nothing behind it
};

/// Of the documents in these slots, by identifier, at most `limit` behind the one that `after` names; perhaps fewer.
/// Any reactor.
Task<DocumentVersions> versions_of(engines::Tables& tables, shard::SlotRange slots, std::string after,
                                   std::size_t limit);

}  // namespace concord::documents
