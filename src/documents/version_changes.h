#pragma once
// What differs between two versions of a document's content, and who did it. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "crdt/types.h"
#include "documents/history_store.h"

namespace concord::documents {

/// A run of content of two versions.
struct VersionChange {
  enum class Kind : std::uint8_t { kKept, kAdded, kRemoved };
  Kind kind = Kind::kKept;
  crdt::DeltaOp content;  // an insert, with its formats
  std::string principal;  // who added or removed it; empty for what was kept
  HybridTime time;
};

/// `records` lead from `state` to the later version. In the order of the text; what was removed stands where it was.
/// kCorrupt where the state is not readable.
Result<std::vector<VersionChange>> version_changes(ByteView state, const std::vector<HistoryRecord>& records);

}  // namespace concord::documents
