#pragma once
// The `log` port: the ordered, durable record of each shard's updates; the truth for live state.
//
// Positions of a shard start at 1 and have no gaps. Every call may be made from any reactor; the awaiting coroutine
// resumes on its own executor. Cancelling a caller does not take its append back. Failures, besides those named with a
// call: kUnavailable (disk full, engine away, too many calls waiting: nothing of the append was acknowledged; try
// again), kCorrupt (stored records of the shard fail their check; the message says where).
//
// After kUnavailable from an append the answer itself may have been lost: its records may turn up in a later read,
// whole and at most once. Who tries again uses the same (client, sequence) and looks for it when replaying.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/task.h"

namespace concord::engines {

struct ShardId {
  std::uint32_t value = 0;
  auto operator<=>(const ShardId&) const = default;
};
/// The fencing number of an ownership; it only grows.
struct Epoch {
  std::uint64_t value = 0;
  auto operator<=>(const Epoch&) const = default;
};
struct Position {
  std::uint64_t value = 0;
  auto operator<=>(const Position&) const = default;
};

/// One update of one stream (a document, later a room). The log does not look inside `payload`.
struct LogRecord {
  std::uint8_t kind = 0;  // owned by the shard's state machines
  std::string stream;     // at most 64 bytes, e.g. a document's identifier
  std::string principal;  // who wrote it; at most 64 bytes
  HybridTime time;
  std::string client;  // at most 64 bytes; with `sequence` the identity of the write, for idempotence; may be empty
  std::uint64_t sequence = 0;
  SharedBytes payload;  // never null; at most kMaxPayloadBytes
};
constexpr std::size_t kMaxPayloadBytes = 32u << 20u;

struct LogEntry {
  Position position;
  Epoch epoch;
  LogRecord record;
};

class Log {
 public:
  virtual ~Log() = default;

  /// Raises the shard's epoch durably: from now on an append with an older one is refused. kFenced where the log has
  /// seen a newer one. Sealing again with the same epoch is allowed. A shard nobody has sealed is at epoch 0.
  virtual Task<> seal(ShardId shard, Epoch epoch) = 0;

  /// Appends in order, all or none, also across a crash; returns the position of the first. When it returns success the
  /// records are durable. Appends of many callers share one durable write. kFenced where `epoch` is older than the
  /// shard's: stop owning it. kInvalidArgument where it is newer (it was not sealed), there is no record or a payload
  /// is null; kTooLarge past a limit above, naming the field.
  virtual Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) = 0;

  /// Entries from `from` on, in order: as many as fit in `max_bytes` of payload, but at least one; an engine may give
  /// fewer. Empty at the end and only there. Before the first kept position: kNotFound.
  virtual Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes) = 0;

  /// The first kept position and the one the next append will get.
  struct Bounds {
    Position first;
    Position next;
    Epoch epoch;
  };
  virtual Task<Bounds> bounds(ShardId shard) = 0;

  /// Allows the log to drop what is before `keep_from`, which becomes the first kept position, durably; never back.
  /// What is before it may stay on disk for a while. kInvalidArgument past the next position.
  virtual Task<> truncate(ShardId shard, Position keep_from) = 0;
};

}  // namespace concord::engines
