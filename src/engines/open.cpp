#include "engines/open.h"

#include <array>

#include "engines/data_lock.h"
#include "engines/directory_blobs.h"
#include "engines/local_bus.h"
#include "engines/local_coordination.h"
#include "engines/segment_log.h"
#include "engines/sqlite_tables.h"

namespace concord::engines {
namespace {

using enum SettingType;

constexpr std::size_t kMegabyte = std::size_t{1} << 20U;

const std::array kSettings = {
    Setting{.name = "DATABASE_URL",
            .type = kString,
            .fallback = "",
            .meaning =
                "Where the tables are: empty or sqlite: for a file in the data directory, sqlite:PATH for another "
                "file, postgres://USER:PASSWORD@HOST[:PORT][,HOST…]/DATABASE for PostgreSQL.",
            .secret = true},
    Setting{.name = "WAL_SEGMENT_SIZE_MB",
            .type = kInteger,
            .fallback = "128",
            .least = 1,
            .most = 2048,
            .meaning = "Size at which a segment of the log is closed and a new one begun."},
    Setting{.name = "WAL_QUEUE_APPENDS",
            .type = kInteger,
            .fallback = "65536",
            .least = 1,
            .most = 10'000'000,
            .meaning = "Appends that may wait for the log; one more is answered with a retryable error."},
    Setting{.name = "WAL_QUEUE_MB",
            .type = kInteger,
            .fallback = "256",
            .least = 1,
            .most = 65'536,
            .meaning = "Bytes of appends that may wait for the log."},
    Setting{.name = "WAL_BATCH_MB",
            .type = kInteger,
            .fallback = "8",
            .least = 1,
            .most = 256,
            .meaning = "Most bytes of one durable write of the log; a larger append goes alone."},
    Setting{.name = "SQLITE_READERS",
            .type = kInteger,
            .fallback = "4",
            .least = 1,
            .most = 64,
            .meaning = "Threads, each with a connection, that read the SQLite tables."},
    Setting{.name = "SQLITE_QUEUE_WRITES",
            .type = kInteger,
            .fallback = "4096",
            .least = 1,
            .most = 1'000'000,
            .meaning = "Writes that may wait for SQLite; one more is answered with a retryable error."},
    Setting{.name = "SQLITE_BUSY_TIMEOUT_MS",
            .type = kInteger,
            .fallback = "5000",
            .least = 0,
            .most = 600'000,
            .meaning = "How long SQLite waits for a lock of another process."},
    Setting{.name = "SQLITE_STATEMENT_TIMEOUT_MS",
            .type = kInteger,
            .fallback = "30000",
            .least = 1,
            .most = 3'600'000,
            .meaning = "How long a statement may run."},
    Setting{.name = "SQLITE_TRANSACTION_TIMEOUT_MS",
            .type = kInteger,
            .fallback = "10000",
            .least = 1,
            .most = 3'600'000,
            .meaning = "How long a transaction may stay open."},
    Setting{.name = "BUS_MAX_KEYS",
            .type = kInteger,
            .fallback = "1000000",
            .least = 1,
            .most = 1'000'000'000,
            .meaning = "Keys and counters that the bus in this process may hold."},
};

class EmbeddedFoundation final : public Foundation {
 public:
  EmbeddedFoundation(std::unique_ptr<FileSystem> f, std::unique_ptr<DataLock> l, Clock& clock)
      : files(std::move(f)), lock(std::move(l)), ids(clock) {}

  std::unique_ptr<FileSystem> files;
  std::unique_ptr<DataLock> lock;
  SystemIdSource ids;
};

SqliteTablesOptions tables_options(const EnginesOptions& options, std::string path) {
  SqliteTablesOptions tables;
  tables.connection.path = std::move(path);
  tables.connection.busy_timeout_ms = options.sqlite_busy_timeout_ms;
  tables.connection.statement_timeout_ms = options.sqlite_statement_timeout_ms;
  tables.readers = static_cast<std::size_t>(options.sqlite_readers);
  tables.max_queued_writes = static_cast<std::size_t>(options.sqlite_queue_writes);
  tables.transaction_timeout_ms = options.sqlite_transaction_timeout_ms;
  return tables;
}

SegmentLogOptions log_options(const EnginesOptions& options) {
  SegmentLogOptions log;
  log.directory = options.data_directory + "/log";
  log.segment_bytes = static_cast<std::uint64_t>(options.segment_size_mb) * kMegabyte;
  log.archived = options.log_archived;
  log.max_batch_bytes = static_cast<std::size_t>(options.log_batch_mb) * kMegabyte;
  log.max_queued_appends = static_cast<std::size_t>(options.log_queue_appends);
  log.max_queued_bytes = static_cast<std::size_t>(options.log_queue_mb) * kMegabyte;
  return log;
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

EnginesOptions options_from(const Config& config, std::string data_directory) {
  EnginesOptions options;
  options.data_directory = std::move(data_directory);
  options.database_url = config.string("DATABASE_URL");
  options.segment_size_mb = config.integer("WAL_SEGMENT_SIZE_MB");
  options.log_queue_appends = config.integer("WAL_QUEUE_APPENDS");
  options.log_queue_mb = config.integer("WAL_QUEUE_MB");
  options.log_batch_mb = config.integer("WAL_BATCH_MB");
  options.sqlite_readers = config.integer("SQLITE_READERS");
  options.sqlite_queue_writes = config.integer("SQLITE_QUEUE_WRITES");
  options.sqlite_busy_timeout_ms = config.integer("SQLITE_BUSY_TIMEOUT_MS");
  options.sqlite_statement_timeout_ms = config.integer("SQLITE_STATEMENT_TIMEOUT_MS");
  options.sqlite_transaction_timeout_ms = config.integer("SQLITE_TRANSACTION_TIMEOUT_MS");
  options.bus_max_keys = config.integer("BUS_MAX_KEYS");
  return options;
}

Result<std::string> database_path(const EnginesOptions& options) {
  constexpr std::string_view kScheme = "sqlite:";
  if (options.database_url.empty() || options.database_url == kScheme) return options.data_directory + "/concord.db";
  if (options.database_url.starts_with(kScheme)) return options.database_url.substr(kScheme.size());
  const std::string scheme = options.database_url.substr(0, options.database_url.find(':'));
  return fail(Error{
      Code::kUnsupported, "DATABASE_URL: this needs sqlite: and not " + scheme + ":", {{"field", "DATABASE_URL"}}});
}

Result<Engines> open_embedded(const EnginesOptions& options, Clock& clock, const Logger& logger, Metrics& metrics) {
  std::string database;
  if (options.wanted.tables) {
    TRY(database, database_path(options));
  }

  auto files = make_posix_file_system();
  TRY_VOID(make_directories(*files, options.data_directory));
  TRY(auto lock, DataLock::take(options.data_directory));
  auto foundation = std::make_unique<EmbeddedFoundation>(std::move(files), std::move(lock), clock);
  FileSystem& system = *foundation->files;
  IdSource& ids = foundation->ids;

  Engines engines;
  engines.foundation = std::move(foundation);
  engines.embedded.files = &system;
  engines.embedded.database_path = database;
  if (options.wanted.tables) {
    TRY(engines.tables, SqliteTables::open(tables_options(options, std::move(database)), clock, logger, metrics));
  }
  TRY_VOID(system.sync_directory(options.data_directory));
  if (options.wanted.log) {
    TRY(auto log, SegmentLog::open(system, log_options(options), clock, ids, logger, metrics));
    engines.embedded.log = log.get();
    engines.log = std::move(log);
  }
  if (options.wanted.bus) {
    engines.bus = std::make_unique<LocalBus>(
        LocalBusOptions{.max_keys = static_cast<std::size_t>(options.bus_max_keys)}, clock, metrics);
  }
  if (options.wanted.coordination) {
    TRY(engines.coordination, LocalCoordination::open(system, {.directory = options.data_directory + "/coordination"},
                                                      clock, logger, metrics));
  }
  if (options.wanted.blobs) {
    TRY(engines.blobs, DirectoryBlobs::open(system, {.directory = options.data_directory + "/blobs"}, logger, metrics));
  }
  return engines;
}

}  // namespace concord::engines
