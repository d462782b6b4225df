#include "engines/sqlite_tables.h"

#include <exception>
#include <unordered_set>

#include "base/reactor.h"
#include "engines/sqlite_migrations.h"
#include "engines/sqlite_writer.h"
#include "engines/thrown.h"

namespace concord::engines {
namespace {

constexpr std::size_t kMaxKnownWrites = 4096;

class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(SqliteWriter& writer) : writer_(writer), session_(std::make_shared<SqliteSession>()) {}
  ~SqliteTransaction() override { writer_.roll_back(*session_); }
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  Task<> begin() { return writer_.begin(session_); }
  Task<> commit() { return writer_.commit(*session_); }
  Task<Rows> query(Statement statement) override {
    SqliteRequest request;
    request.statement = std::move(statement);
    co_await writer_.run_in(*session_, request);
    co_return std::move(request.result);
  }

 private:
  SqliteWriter& writer_;
  std::shared_ptr<SqliteSession> session_;  // shared with the writing thread
};

}  // namespace

struct SqliteTables::State {
  State(std::unique_ptr<SqliteConnection> connection, const SqliteTablesOptions& options, Clock& c, Logger l,
        Metrics& metrics)
      : clock(c),
        logger(l),
        writer(
            std::move(connection),
            {options.max_queued_writes, options.max_shared_commit, options.max_wait_ms, options.transaction_timeout_ms},
            c, std::move(l), metrics),
        read_seconds(metrics.histogram("concord_tables_query_seconds", "Time of a statement.", latency_bounds(),
                                       {{"kind", "read"}})),
        write_seconds(metrics.histogram("concord_tables_query_seconds", "Time of a statement.", latency_bounds(),
                                        {{"kind", "write"}})),
        transaction_seconds(
            metrics.histogram("concord_tables_transaction_seconds", "Time of a transaction.", latency_bounds())),
        read_pool(options.readers, options.max_queued_reads) {}

  Clock& clock;
  Logger logger;
  SqliteWriter writer;
  Histogram& read_seconds;
  Histogram& write_seconds;
  Histogram& transaction_seconds;

  std::mutex mutex;
  std::vector<std::unique_ptr<SqliteConnection>> idle_readers;  // guarded by mutex; as many as the pool has threads
  std::unordered_set<std::string> known_writes;                 // guarded by mutex
  BlockingPool read_pool;

  bool is_known_write(const std::string& sql) {
    const std::lock_guard lock(mutex);
    return known_writes.contains(sql);
  }

  void remember_write(const std::string& sql) {
    const std::lock_guard lock(mutex);
    if (known_writes.size() >= kMaxKnownWrites) known_writes.clear();
    known_writes.insert(sql);
  }

  Result<std::optional<Rows>> read(const Statement& statement) {
    std::unique_ptr<SqliteConnection> reader;
    {
      const std::lock_guard lock(mutex);
      reader = std::move(idle_readers.back());
      idle_readers.pop_back();
    }
    Result<std::optional<Rows>> rows = reader->run_if_reading(statement);
    const std::lock_guard lock(mutex);
    idle_readers.push_back(std::move(reader));
    return rows;
  }

  void record(Histogram& histogram, std::int64_t began_ns) {
    histogram.record(static_cast<double>(clock.monotonic_ns() - began_ns) * 1e-9);
  }
};

Result<std::unique_ptr<SqliteTables>> SqliteTables::open(SqliteTablesOptions options, Clock& clock, Logger logger,
                                                         Metrics& metrics) {
  options.connection.writer = true;
  TRY(auto connection, SqliteConnection::open(options.connection, clock));
  auto state = std::make_unique<State>(std::move(connection), options, clock, std::move(logger), metrics);
  options.connection.writer = false;
  for (std::size_t i = 0; i < options.readers; ++i) {
    TRY(auto reader, SqliteConnection::open(options.connection, clock));
    state->idle_readers.push_back(std::move(reader));
  }
  return std::unique_ptr<SqliteTables>(new SqliteTables(std::move(state)));
}

SqliteTables::SqliteTables(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteTables::~SqliteTables() { state_->read_pool.stop(); }

Task<Rows> SqliteTables::query(Statement statement) {
  const std::int64_t began = state_->clock.monotonic_ns();
  if (!state_->is_known_write(statement.sql)) {
    CO_TRY(auto rows, co_await state_->read_pool.run<std::optional<Rows>>(
                          [state = state_.get(), &statement] { return state->read(statement); }));
    if (rows) {
      state_->record(state_->read_seconds, began);
      co_return *std::move(rows);
    }
    state_->remember_write(statement.sql);
  }
  SqliteRequest request;
  request.statement = std::move(statement);
  co_await state_->writer.run(request);
  state_->record(state_->write_seconds, began);
  co_return std::move(request.result);
}

Task<> SqliteTables::transaction(std::function<Task<>(Transaction&)> body) {
  const std::int64_t began = state_->clock.monotonic_ns();
  SqliteTransaction transaction(state_->writer);  // rolls back on every way out but the commit
  CO_TRY_VOID(co_await transaction.begin());
  std::exception_ptr thrown;
  Result<> done;
  try {
    done = co_await body(transaction);
    if (done) done = co_await transaction.commit();
  } catch (...) {
    thrown = std::current_exception();
  }
  state_->record(state_->transaction_seconds, began);
  if (thrown) co_return fail(error_of_thrown(thrown));
  co_return done;
}

Task<> SqliteTables::migrate(std::vector<Migration> migrations) {
  co_return co_await state_->writer.run_exclusively([state = state_.get(), &migrations](SqliteConnection& connection) {
    return apply_migrations(connection, migrations, state->logger);
  });
}

}  // namespace concord::engines
