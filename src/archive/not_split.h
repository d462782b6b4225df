#pragma once
// What an archive cannot restore yet: a hub with a shard that was split. Positions in such a shard's log are not those
// that snapshots name (shard/based_log.h), and what is archived of a log is told by neither.

#include <string>

#include "base/result.h"

namespace concord::archive {

/// kUnsupported where the database is that of a hub with a split shard. The hub may be running.
Result<> require_not_split(const std::string& database);

}  // namespace concord::archive
