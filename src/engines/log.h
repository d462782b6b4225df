#pragma once
// The `log` port: the ordered, durable record of each shard's updates; the truth for live state.
//
// Positions of a shard start at 1 and have no gaps. Every call may be made from any reactor; the awaiting coroutine
// resumes on its own executor. Failures: kFenced (an older epoch than the log has seen for that shard: stop owning
// it), kUnavailable (disk full, engine away: nothing of the batch was acknowledged; try again), kCorrupt (stored
// records fail their check; the message says where).

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
  std::string client;  // with `sequence` the identity of the write, for idempotence; may be empty
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
  /// seen a newer one. Sealing again with the same epoch is allowed.
  virtual Task<> seal(ShardId shard, Epoch epoch) = 0;

  /// Appends in order, all or none; returns the position of the first. When it returns success the records are
  /// durable. Appends of many callers share one durable write.
  virtual Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) = 0;

  /// Entries from `from` on, in order, until `max_bytes` of payload are exceeded (at least one entry, if there is one);
  /// empty at the end. Reading before the first kept position is kNotFound.
  virtual Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes) = 0;

  /// The first kept position and the one the next append will get.
  struct Bounds {
    Position first;
    Position next;
    Epoch epoch;
  };
  virtual Task<Bounds> bounds(ShardId shard) = 0;

  /// Allows the log to drop what is before `keep_from`. It may keep more.
  virtual Task<> truncate(ShardId shard, Position keep_from) = 0;
};

}  // namespace concord::engines
