#pragma once
// The distributed driver of the `log` port: two tables in PostgreSQL. What `append` answers is durable as the server's
// own settings say: with synchronous_standby_names = 'ANY 1 (…)' on a standby too. An append whose wait for a standby
// was ended early is not acknowledged.
//
// Shards are dealt to a few lanes (log_lane.h), each with a connection. The epoch is compared in the statement that
// appends, under the shard's row lock, so an older owner's append behind a seal finds no row to change.

#include <memory>

#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/log.h"
#include "postgres/options.h"

namespace concord::postgres {

struct PostgresLogOptions {
  PoolOptions pool;                         // `connections` are for the lanes and for reading
  std::size_t lanes = 4;                    // appends that can commit side by side; fewer than connections
  std::size_t pipelined = 2;                // commits of a lane that are on their way
  std::int64_t max_delay_ms = 2;            // how long appends are gathered while a commit is under way
  std::size_t max_batch_bytes = 8U << 20U;  // of one commit; a larger append goes alone
  std::size_t max_queued_appends = 65'536;  // past it kUnavailable
  std::size_t max_queued_bytes = std::size_t{256} << 20U;  // and their bytes
  std::int64_t append_timeout_ms = 10'000;                 // then kUnavailable
  std::int64_t migration_timeout_ms = 600'000;
};

class PostgresLog final : public engines::Log {
 public:
  /// Does not connect; the tables are made with the first call. kInvalidArgument where the URL cannot be read or there
  /// are not more connections than lanes. What is passed by reference outlives the log.
  static Result<std::unique_ptr<PostgresLog>> open(PostgresLogOptions options, Clock& clock, IdSource& ids,
                                                   Logger logger, Metrics& metrics);

  /// Answers calls under way with kUnavailable. Before the reactors whose coroutines wait are destroyed; not on one.
  ~PostgresLog() override;

  Task<> seal(engines::ShardId shard, engines::Epoch epoch) override;
  Task<engines::Position> append(engines::ShardId shard, engines::Epoch epoch,
                                 std::vector<engines::LogRecord> records) override;
  Task<std::vector<engines::LogEntry>> read(engines::ShardId shard, engines::Position from,
                                            std::size_t max_bytes) override;
  Task<Bounds> bounds(engines::ShardId shard) override;
  Task<> truncate(engines::ShardId shard, engines::Position keep_from) override;

 private:
  struct State;
  explicit PostgresLog(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // shared with calls under way
};

}  // namespace concord::postgres
