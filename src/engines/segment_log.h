#pragma once
// The embedded driver of the `log` port: segment files in one directory, one thread that writes for all shards.
//
// Alone, an append waits for one sync and nothing else. While a sync runs, what arrives meanwhile becomes the next
// write: batches grow with the load, without a timer. The port's promises hold across a crash of the process and of the
// machine (segment_recovery.h), and after a failed write or sync (segment_appender.h).

#include <memory>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "engines/file_system.h"
#include "engines/log.h"
#include "engines/segment_recovery.h"

namespace concord::engines {

struct SegmentLogOptions {
  std::string directory;                                   // made where it is missing
  std::uint64_t segment_bytes = 128U << 20U;               // a segment is closed before it grows past this
  std::uint64_t allocate_bytes = 8U << 20U;                // 0: segments grow by their writes alone
  std::size_t max_batch_bytes = 8U << 20U;                 // of one durable write; a larger append goes alone
  std::size_t max_queued_appends = 65'536;                 // calls waiting for the writing thread; past it kUnavailable
  std::size_t max_queued_bytes = std::size_t{256} << 20U;  // and their bytes
  std::size_t read_threads = 2;
  std::size_t max_queued_reads = 4096;
  bool archived = false;  // no segment is removed before `release_before` was told that an archive has it
};

class SegmentLog final : public Log {
 public:
  /// Reads all segments. Fails with kUnavailable where the file system does; damage does not fail it, but the calls on
  /// the shards it hit (kCorrupt). What is passed by reference outlives the log.
  static Result<std::unique_ptr<SegmentLog>> open(FileSystem& files, SegmentLogOptions options, Clock& clock,
                                                  IdSource& ids, const Logger& logger, Metrics& metrics);

  /// Finishes what is queued and marks a clean shutdown. Before the reactors whose coroutines wait are destroyed.
  ~SegmentLog() override;

  Task<> seal(ShardId shard, Epoch epoch) override;
  Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) override;
  Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes) override;
  Task<Bounds> bounds(ShardId shard) override;
  Task<> truncate(ShardId shard, Position keep_from) override;

  /// What was found damaged on open.
  const std::vector<SegmentDamage>& damage() const;

  /// For an archiver. Any thread.
  const LogIdentity& identity() const;
  /// The segments, oldest first, and how much of each is durable. A file stays readable as long as it is held.
  std::vector<SegmentIndex::Extent> extents() const;
  /// An archive has what is before this segment, whole: it may be removed once nothing needs it any more.
  void release_before(std::uint32_t number);

 private:
  struct State;
  explicit SegmentLog(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace concord::engines
