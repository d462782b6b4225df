#pragma once
// Opens the embedded engines of a hub.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/blobs.h"
#include "engines/bus.h"
#include "engines/cache.h"
#include "engines/coordination.h"
#include "engines/file_system.h"
#include "engines/log.h"
#include "engines/segment_log.h"
#include "engines/tables.h"

namespace concord::engines {

struct EnginesOptions {
  std::string data_directory;  // made where it is missing
  std::string database_url;    // "" or "sqlite:" for concord.db in the data directory, "sqlite:PATH" for another file

  /// Which of them are wanted; the others have drivers elsewhere, and stay null.
  struct Wanted {
    bool tables = true, log = true, bus = true, coordination = true, blobs = true;
  };
  Wanted wanted;

  bool log_archived = false;  // as SegmentLogOptions::archived

  std::int64_t segment_size_mb = 128;
  std::int64_t log_queue_appends = 65'536;
  std::int64_t log_queue_mb = 256;
  std::int64_t log_batch_mb = 8;
  std::int64_t sqlite_readers = 4;
  std::int64_t sqlite_queue_writes = 4096;
  std::int64_t sqlite_busy_timeout_ms = 5000;
  std::int64_t sqlite_statement_timeout_ms = 30'000;
  std::int64_t sqlite_transaction_timeout_ms = 10'000;
  std::int64_t bus_max_keys = 1'000'000;
};

/// The settings of this part.
std::span<const Setting> settings();
/// From a configuration whose table has `settings()`.
EnginesOptions options_from(const Config& config, std::string data_directory);

/// The file that `database_url` names.
Result<std::string> database_path(const EnginesOptions& options);

/// Owns what the embedded drivers share: the files, the lock of the data directory, identifiers.
class Foundation {
 public:
  virtual ~Foundation() = default;
};

/// Destroyed after everything that uses it and before the reactors whose coroutines wait on it: each engine finishes
/// what it was given and wakes who waits.
struct Engines {
  std::unique_ptr<Foundation> foundation;  // destroyed last
  std::unique_ptr<Tables> tables;
  std::unique_ptr<Log> log;
  std::unique_ptr<Bus> bus;
  std::unique_ptr<Coordination> coordination;
  std::unique_ptr<Blobs> blobs;
  /// Null where the hub has none: what the embedded drivers keep is read as soon from where it lies.
  std::unique_ptr<Cache> cache;

  /// What an archiver of the embedded drivers reads beside the ports.
  struct Embedded {
    FileSystem* files = nullptr;
    SegmentLog* log = nullptr;  // the same as `log`, where that is embedded
    std::string database_path;  // empty where the tables are not
  };
  Embedded embedded;
};

/// kConflict where another process uses the data directory; kUnsupported where the tables are wanted and DATABASE_URL
/// is not of SQLite; otherwise what the first driver that cannot open says. What is passed by reference outlives them.
Result<Engines> open_embedded(const EnginesOptions& options, Clock& clock, const Logger& logger, Metrics& metrics);

}  // namespace concord::engines
