#pragma once
// The log's tables and statements.
//
//   log_shards (shard, epoch, first_position, next_position)   one row a shard that was ever sealed
//   log_records (shard, position, epoch, kind, stream, principal, hybrid_time, client, client_sequence, payload,
//                checksum)                                     first_position <= position < next_position; what is
//                                                              before is on its way out
//
// Texts are BYTEA, since they may be any bytes; 64-bit numbers without a sign are kept as the signed ones of the same
// bits. `checksum` is the CRC-32C of a record with its shard (checksum_of).

#include <vector>

#include "engines/log.h"
#include "engines/tables.h"
#include "postgres/connection.h"

namespace concord::postgres {

std::vector<engines::Migration> log_migrations();

/// Runs where the shard's epoch is that of the call: one row with the first position, else none.
Step append_step(engines::ShardId shard, engines::Epoch epoch, const std::vector<const engines::LogRecord*>& records);
/// A shard that nobody has sealed is at epoch 0.
Step make_shard_step(engines::ShardId shard);
/// No row where the shard is at a newer epoch.
Step seal_step(engines::ShardId shard, engines::Epoch epoch);
/// No row where `keep_from` is past the end, or nobody has sealed the shard.
Step truncate_step(engines::ShardId shard, engines::Position keep_from);
/// Some of what is before the first position.
Step sweep_step(engines::ShardId shard);
Step bounds_step(engines::ShardId shard);
/// From `from` on as many as fit in `max_bytes`, at least one, up to some thousands.
Step read_step(engines::ShardId shard, engines::Position from, std::size_t max_bytes);

engines::Log::Bounds bounds_of(const engines::Rows& rows);
/// Of a position that was written. kCorrupt where a record is missing or not as it was written.
Result<std::vector<engines::LogEntry>> entries_of(engines::ShardId shard, engines::Position from, engines::Rows rows);

}  // namespace concord::postgres
