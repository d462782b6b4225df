#pragma once
// The embedded driver of the `tables` port: SQLite in write-ahead mode, every commit synced. One thread writes, a few
// read; readers see what a finished write wrote and never wait for it. Writes that queue up while a commit syncs share
// the next one. An interactive transaction has the writing thread to itself until it ends or its time is up.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/sqlite_connection.h"
#include "engines/tables.h"

namespace concord::engines {

struct SqliteTablesOptions {
  SqliteConnectionOptions connection;  // `writer` is set by the driver
  std::size_t readers = 4;
  std::size_t max_queued_writes = 4096;  // statements and transactions; past it kUnavailable
  std::size_t max_queued_reads = 16'384;
  std::size_t max_shared_commit = 128;           // statements that share one commit
  std::int64_t max_wait_ms = 10'000;             // in the queue; then kUnavailable
  std::int64_t transaction_timeout_ms = 10'000;  // from its begin to its end; then it is rolled back
};

class SqliteTables final : public Tables {
 public:
  /// Opens or makes the file; its directory exists. The clock outlives the tables.
  static Result<std::unique_ptr<SqliteTables>> open(SqliteTablesOptions options, Clock& clock, Logger logger,
                                                    Metrics& metrics);

  /// Finishes queued statements; an open transaction is rolled back. Before the reactors whose coroutines wait are
  /// destroyed.
  ~SqliteTables() override;

  Task<Rows> query(Statement statement) override;
  Task<> transaction(std::function<Task<>(Transaction&)> body) override;
  Task<> migrate(std::vector<Migration> migrations) override;

 private:
  struct State;
  explicit SqliteTables(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace concord::engines
