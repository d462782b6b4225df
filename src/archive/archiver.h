#pragma once
// Keeps an archive of a hub from which alone it can be built again: its log, its blobs, its database.
//
// A round brings over what is new and then writes the manifest. The log comes first and the database last: so a
// document that the log speaks of has its row, and a snapshot may hold more than the archived log, which a restore
// makes up for by numbering on behind it. A crash at any moment leaves the archive as the last manifest says. A round
// that fails is tried again, ever less often; meanwhile the hub goes on, and keeps its segments.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "archive/archive_writer.h"
#include "archive/blob_archiver.h"
#include "archive/database_archiver.h"
#include "archive/log_archiver.h"

namespace concord::archive {

/// What is archived. What it refers to outlives the archiver.
struct ArchiveSource {
  engines::LogIdentity log{};
  std::function<LogArchiver::Extents()> extents;
  /// Told that the segments before this one are in the archive.
  std::function<void(std::uint32_t)> release;
  engines::Blobs* blobs = nullptr;
  BlobChanges* changes = nullptr;  // of `blobs`; null: every round lists them
  engines::FileSystem* files = nullptr;
  std::string database_path;
  std::string temporary_path;  // for a copy of the database
};

struct ArchiverOptions {
  std::int64_t interval_ms = 1000;
  std::int64_t keep_ms = 0;                // the retention; 0: everything is kept
  ArchiveWriter::Durability durability{};  // where objects are not durable one by one
};

class Archiver {
 public:
  static constexpr std::int64_t kMaxRetryMs = 60'000;

  Archiver(engines::Blobs& target, ArchiveSource source, ArchiverOptions options, BlockingPool& pool, Clock& clock,
           const Logger& logger, Metrics& metrics);

  /// Everything that was durable in the log before the call, and as much else as there is time for.
  Task<> round();
  /// Rounds until everything that the hub had at the call is there; kUnavailable where it changes too fast for that.
  Task<> catch_up();
  /// Rounds, one each interval, until the task is cancelled; then one more.
  asio::awaitable<void> run();
  /// On the reactor of `run`: rounds bring nothing more after this moment of the monotonic clock. What the archive has
  /// is whole then, and goes on at the next start.
  void end_by(std::int64_t until_ns) { archive_.end_by(until_ns); }

  const Manifest& manifest() const { return archive_.manifest(); }
  /// Any thread: seconds since the moment before which everything acknowledged is in the archive.
  double lag_seconds() const;
  /// Any thread: why the last round failed, if it did.
  Result<> state() const;

 private:
  Task<> load();
  Task<> bring(std::int64_t deadline_ns);
  void expire();
  void note(const Result<>& done, std::int64_t began_ns);

  ArchiveSource source_;
  ArchiverOptions options_;
  Clock& clock_;
  Logger logger_;
  Counter& failures_;
  Gauge& segments_;
  Gauge& pending_blobs_;
  ArchiveWriter archive_;
  LogArchiver log_;
  BlobArchiver blobs_;
  DatabaseArchiver database_;
  bool loaded_ = false;
  std::uint32_t passed_ = 0;  // what the archive's snapshots do not need: the segments before this one
  std::int64_t expired_ns_ = 0;
  std::int64_t retry_ms_ = 0;

  std::atomic<std::int64_t> archived_to_ns_;  // monotonic
  mutable std::mutex mutex_;
  Result<> last_;  // guarded by mutex_
};

}  // namespace concord::archive
