#pragma once
// Snapshots that a crash has left beside newer ones of their stream; snapshot_store.h has what they are called.

#include <cstddef>
#include <string>

#include "engines/blobs.h"
#include "engines/log.h"

namespace concord::shard {

/// What the keys of all of a shard's snapshots begin with; the stream follows, a slash, and the position.
std::string snapshot_prefix(engines::ShardId shard);

/// Removes all of the stream's but the newest, and tells how many those were. Any reactor.
Task<std::size_t> remove_passed_snapshots(engines::Blobs& blobs, engines::ShardId shard, std::string stream);

}  // namespace concord::shard
