#pragma once
// What chunks of history are called among the blobs; history_store.h has the form.

#include <optional>
#include <string>
#include <string_view>

#include "documents/history_store.h"

namespace concord::documents {

/// What the keys of all of a shard's chunks begin with; the stream follows, a slash, and the name.
std::string history_prefix(engines::ShardId shard);
/// nullopt where it is no chunk's.
std::optional<HistoryChunkName> parse_history_name(std::string_view name, std::uint64_t size_bytes);

}  // namespace concord::documents
