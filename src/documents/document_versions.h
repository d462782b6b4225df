#pragma once
// Which documents of a shard the tables know, and at which version: for who compares them with what is stored.

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "engines/log.h"
#include "engines/tables.h"

namespace concord::documents {

struct DocumentVersion {
  DocumentId id;
  std::uint64_t version = 0;
  engines::Position snapshot;  // of the one that the tables name; 0: none
};

/// Of the shard's documents, by identifier, at most `limit` behind the one that `after` names. Any reactor.
Task<std::vector<DocumentVersion>> versions_of(engines::Tables& tables, engines::ShardId shard, std::string after,
                                               std::size_t limit);

}  // namespace concord::documents
