#include "postgres/postgres_tables.h"

#include <exception>

#include "engines/thrown.h"
#include "postgres/driver_thread.h"
#include "postgres/postgres_migrations.h"
#include "postgres/session.h"
#include "postgres/sql_errors.h"

namespace concord::postgres {
namespace {

using engines::Rows;
using engines::Statement;
using engines::Transaction;

constexpr std::int64_t kLeastPauseMs = 2;
constexpr std::int64_t kMostPauseMs = 200;

}  // namespace

struct PostgresTables::State {
  State(PostgresTablesOptions o, std::vector<Keywords> servers, Clock& c, IdSource& i, Logger l, Metrics& metrics)
      : options(std::move(o)),
        clock(c),
        ids(i),
        logger(std::move(l)),
        query_seconds(metrics.histogram("concord_tables_query_seconds", "Time of a statement.", latency_bounds(),
                                        {{"kind", "statement"}})),
        transaction_seconds(
            metrics.histogram("concord_tables_transaction_seconds", "Time of a transaction.", latency_bounds())),
        repeated(metrics.counter("concord_tables_repeated_total",
                                 "Statements and transactions done again since they could not be serialized.")),
        thread(clock, ids, logger, metrics, options.pool, std::move(servers)) {}

  PostgresTablesOptions options;
  Clock& clock;
  IdSource& ids;
  Logger logger;
  Histogram& query_seconds;
  Histogram& transaction_seconds;
  Counter& repeated;
  DriverThread thread;

  void record(Histogram& histogram, std::int64_t began_ns) {
    histogram.record(static_cast<double>(clock.monotonic_ns() - began_ns) * 1e-9);
  }
  bool may_repeat(std::int64_t began_ns) {
    if (clock.monotonic_ns() - began_ns >= options.transaction_timeout_ms * 1'000'000) return false;
    repeated.add();
    return true;
  }

  /// On the driver's reactor.
  Task<Rows> query(Statement statement) {
    CO_TRY(const Step step, step_of(std::move(statement)));
    const std::int64_t began = clock.monotonic_ns();
    for (Backoff pauses(kLeastPauseMs, kMostPauseMs);;) {
      Result<std::vector<Rows>> answer = co_await attempt(step);
      if (answer) co_return std::move(answer->back());
      if (!is_worth_repeating(answer.error()) || !may_repeat(began)) co_return fail(std::move(answer).error());
      CO_TRY_VOID(co_await sleep_ms(pauses.next_ms(ids.random64())));
    }
  }
  Task<std::vector<Rows>> attempt(const Step& step) {
    CO_TRY(const Pool::Lease lease, co_await thread.pool().acquire());
    std::vector<Step> steps;
    steps.push_back(step);
    co_return co_await lease->run(std::move(steps), thread.pool().call_timeout_ms());
  }
};

namespace {

/// The caller's side of a session. Rolls back on every way out but the commit.
template <class State>
class PostgresTransaction final : public Transaction {
 public:
  explicit PostgresTransaction(std::shared_ptr<State> state)
      : state_(std::move(state)),
        session_(std::make_shared<Session>(state_->thread.pool(), state_->options.transaction_timeout_ms)) {}
  ~PostgresTransaction() override {
    state_->thread.reactor().post([session = std::move(session_)] { session->abandon(); });
  }
  PostgresTransaction(const PostgresTransaction&) = delete;
  PostgresTransaction& operator=(const PostgresTransaction&) = delete;

  Task<> begin() { return state_->thread.run(session_->begin()); }
  Task<Rows> query(Statement statement) override { return state_->thread.run(session_->run(std::move(statement))); }
  Task<> end(bool commit) { return state_->thread.run(commit ? session_->commit() : session_->roll_back()); }
  bool is_worth_repeating() const { return session_->is_worth_repeating(); }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Session> session_;  // shared with the driver's reactor
};

}  // namespace

Result<std::unique_ptr<PostgresTables>> PostgresTables::open(PostgresTablesOptions options, Clock& clock, IdSource& ids,
                                                             Logger logger, Metrics& metrics) {
  options.pool.isolation = "serializable";
  options.pool.idle_in_transaction_ms = 2 * options.transaction_timeout_ms;
  TRY(auto servers, servers_of(options.pool));
  auto state = std::make_shared<State>(std::move(options), std::move(servers), clock, ids, std::move(logger), metrics);
  return std::unique_ptr<PostgresTables>(new PostgresTables(std::move(state)));
}

PostgresTables::PostgresTables(std::shared_ptr<State> state) : state_(std::move(state)) {}
PostgresTables::~PostgresTables() { state_->thread.close(); }

Task<Rows> PostgresTables::query(Statement statement) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t began = state->clock.monotonic_ns();
  Result<Rows> rows = co_await state->thread.run(state->query(std::move(statement)));
  state->record(state->query_seconds, began);
  co_return rows;
}

Task<> PostgresTables::transaction(std::function<Task<>(Transaction&)> body) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t began = state->clock.monotonic_ns();
  for (Backoff pauses(kLeastPauseMs, kMostPauseMs);;) {
    std::exception_ptr thrown;
    Result<> done;
    bool again = false;
    {
      PostgresTransaction<State> transaction(state);
      CO_TRY_VOID(co_await transaction.begin());
      try {
        done = co_await body(transaction);
        Result<> ended = co_await transaction.end(done.has_value());
        if (done) done = std::move(ended);
      } catch (...) {
        thrown = std::current_exception();
      }
      again = !thrown && !done && transaction.is_worth_repeating();
    }
    if (!again || !state->may_repeat(began)) {
      state->record(state->transaction_seconds, began);
      if (thrown) co_return fail(engines::error_of_thrown(thrown));
      co_return done;
    }
    CO_TRY_VOID(co_await sleep_ms(pauses.next_ms(state->ids.random64())));
  }
}

Task<> PostgresTables::migrate(std::vector<engines::Migration> migrations) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->thread.run(apply_migrations(state->thread.pool(), std::move(migrations),
                                                        state->options.migration_timeout_ms, state->logger));
}

}  // namespace concord::postgres
