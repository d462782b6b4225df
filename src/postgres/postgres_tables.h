#pragma once
// The distributed driver of the `tables` port: PostgreSQL 14 or newer, of one server or of several of which one takes
// writes. Every statement and transaction is serializable, as with the embedded driver; what could not be serialized is
// done again for as long as a transaction may take. The connections live on one thread of the driver's own.
//
// The database orders text by its bytes (LC_COLLATE "C") and is in UTF-8; another one is refused with kUnsupported.

#include <memory>

#include "engines/tables.h"
#include "postgres/options.h"

#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"

namespace concord::postgres {

struct PostgresTablesOptions {
  PoolOptions pool;
  std::int64_t transaction_timeout_ms = 10'000;  // from its begin to its end; then it is rolled back
  std::int64_t migration_timeout_ms = 600'000;   // each statement of one, and the wait for another node's
};

class PostgresTables final : public engines::Tables {
 public:
  /// Does not connect: a server that is away makes calls fail, not this. kInvalidArgument where the URL cannot be read.
  /// What is passed by reference outlives the tables.
  static Result<std::unique_ptr<PostgresTables>> open(PostgresTablesOptions options, Clock& clock, IdSource& ids,
                                                      Logger logger, Metrics& metrics);

  /// Ends calls under way with kUnavailable. Before the reactors whose coroutines wait are destroyed; not on one.
  ~PostgresTables() override;

  Task<engines::Rows> query(engines::Statement statement) override;
  Task<> transaction(std::function<Task<>(engines::Transaction&)> body) override;
  Task<> migrate(std::vector<engines::Migration> migrations) override;

 private:
  struct State;
  explicit PostgresTables(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // shared with calls under way
};

}  // namespace concord::postgres
