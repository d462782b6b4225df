#include "postgres/postgres_log.h"

#include <algorithm>
#include <memory>
#include <set>

#include "engines/log_records.h"
#include "postgres/driver_thread.h"
#include "postgres/log_lane.h"
#include "postgres/log_rows.h"
#include "postgres/postgres_migrations.h"

namespace concord::postgres {

using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::Rows;
using engines::ShardId;

namespace {

constexpr std::size_t kMaxAppendBytes = 128U << 20U;  // of one statement; the protocol's own limit is 1 GiB
constexpr std::size_t kMaxReadBytes = 64U << 20U;

Result<> check_epoch(Epoch epoch) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (epoch.value <= kMost) return {};
  return fail(Error{Code::kInvalidArgument,
                    "the epoch is too large for PostgreSQL",
                    {{"field", "epoch"}, {"limit", std::to_string(kMost)}, {"value", std::to_string(epoch.value)}}});
}

}  // namespace

struct PostgresLog::State {
  State(PostgresLogOptions o, std::vector<Keywords> servers, Clock& c, IdSource& ids, Logger l, Metrics& metrics)
      : options(std::move(o)),
        clock(c),
        logger(std::move(l)),
        append_seconds(metrics.histogram("concord_log_append_seconds", "Time from an append's call to its durability.",
                                         latency_bounds())),
        thread(clock, ids, logger, metrics, options.pool, std::move(servers)),
        queue(options, metrics),
        making_tables(thread.reactor()) {
    for (std::size_t i = 0; i < options.lanes; ++i) lanes.push_back(std::make_unique<LogLane>(thread.pool(), queue));
  }

  PostgresLogOptions options;
  Clock& clock;
  Logger logger;
  Histogram& append_seconds;
  DriverThread thread;
  // On its reactor:
  LogQueue queue;
  std::vector<std::unique_ptr<LogLane>> lanes;
  AsyncMutex making_tables;
  bool has_tables = false;
  std::set<ShardId> sweeping;

  Task<> make_tables();
  Task<std::vector<Rows>> call(std::vector<Step> steps);
  Task<std::vector<Rows>> call(Step step);
  Task<> seal(ShardId shard, Epoch epoch);
  Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records);
  Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes);
  Task<Bounds> bounds(ShardId shard);
  Task<> truncate(ShardId shard, Position keep_from);
  asio::awaitable<void> sweep(ShardId shard);
};

/// Before the first call; what fails is tried again with the next one.
Task<> PostgresLog::State::make_tables() {
  if (has_tables) co_return Result<>();
  const AsyncMutex::Hold hold = co_await making_tables.lock();
  if (has_tables) co_return Result<>();
  CO_TRY_VOID(co_await apply_migrations(thread.pool(), log_migrations(), options.migration_timeout_ms, logger));
  has_tables = true;
  co_return Result<>();
}

Task<std::vector<Rows>> PostgresLog::State::call(std::vector<Step> steps) {
  CO_TRY_VOID(co_await make_tables());
  CO_TRY(const Pool::Lease lease, co_await thread.pool().acquire());
  auto answer = co_await lease->run(std::move(steps), thread.pool().call_timeout_ms());
  // A statement past its time is the engine's matter here, not the caller's.
  if (!answer && answer.error().code != Code::kCorrupt) answer.error().code = Code::kUnavailable;
  co_return answer;
}

Task<std::vector<Rows>> PostgresLog::State::call(Step step) {
  std::vector<Step> steps;
  steps.push_back(std::move(step));
  co_return co_await call(std::move(steps));
}

Task<> PostgresLog::State::seal(ShardId shard, Epoch epoch) {
  CO_TRY_VOID(check_epoch(epoch));
  CO_TRY(const std::vector<Rows> answer, co_await call(seal_step(shard, epoch)));
  if (!answer[0].empty()) co_return Result<>();
  co_return fail(Error{
      Code::kFenced, "the shard has a newer owner", {{"field", "epoch"}, {"value", std::to_string(epoch.value)}}});
}

Task<Position> PostgresLog::State::append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) {
  CO_TRY_VOID(check_epoch(epoch));
  CO_TRY(const std::size_t bytes, engines::check_records(records, kMaxAppendBytes));
  CO_TRY_VOID(co_await make_tables());
  co_return co_await lanes[shard.value % lanes.size()]->append(shard, epoch, std::move(records), bytes);
}

Task<engines::Log::Bounds> PostgresLog::State::bounds(ShardId shard) {
  CO_TRY(const std::vector<Rows> answer, co_await call(bounds_step(shard)));
  co_return bounds_of(answer[0]);
}

/// The bounds and the records as of one moment.
Task<std::vector<LogEntry>> PostgresLog::State::read(ShardId shard, Position from, std::size_t max_bytes) {
  std::vector<Step> steps;
  steps.push_back({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}});
  steps.push_back(bounds_step(shard));
  steps.push_back(read_step(shard, from, std::min(max_bytes, kMaxReadBytes)));
  steps.push_back({"COMMIT", {}});
  CO_TRY(std::vector<Rows> answer, co_await call(std::move(steps)));
  const Bounds bounds = bounds_of(answer[1]);
  if (from < bounds.first) {
    co_return fail(Error{
        Code::kNotFound,
        "the log of shard " + std::to_string(shard.value) + " begins later",
        {{"field", "from"}, {"limit", std::to_string(bounds.first.value)}, {"value", std::to_string(from.value)}}});
  }
  if (from >= bounds.next) co_return std::vector<LogEntry>();
  co_return entries_of(shard, from, std::move(answer[2]));
}

Task<> PostgresLog::State::truncate(ShardId shard, Position keep_from) {
  CO_TRY(const std::vector<Rows> answer, co_await call(truncate_step(shard, keep_from)));
  if (answer[0].empty()) {
    CO_TRY(const Bounds now, co_await bounds(shard));
    if (keep_from <= now.next) co_return Result<>();  // nobody has sealed it: it has no record
    co_return fail(Error{Code::kInvalidArgument,
                         "the position is past the end of the log",
                         {{"field", "keep_from"},
                          {"limit", std::to_string(now.next.value)},
                          {"value", std::to_string(keep_from.value)}}});
  }
  if (sweeping.insert(shard).second) thread.pool().spawn(sweep(shard));
  co_return Result<>();
}

/// Removes what is before the first position, a little at a time. What it leaves, the next one finds.
asio::awaitable<void> PostgresLog::State::sweep(ShardId shard) {
  for (;;) {
    const auto answer = co_await call(sweep_step(shard));
    if (answer && answer->at(0).affected > 0) continue;
    if (!answer)
      logger.warn("log: records could not be removed", {{"shard", shard.value}, {"error", answer.error().message}});
    break;
  }
  sweeping.erase(shard);
}

Result<std::unique_ptr<PostgresLog>> PostgresLog::open(PostgresLogOptions options, Clock& clock, IdSource& ids,
                                                       Logger logger, Metrics& metrics) {
  if (options.lanes == 0 || options.pool.connections <= options.lanes) {
    return fail(Error{Code::kInvalidArgument,
                      "the log needs a lane, and more connections to PostgreSQL than lanes",
                      {{"field", "connections"},
                       {"limit", std::to_string(options.lanes + 1)},
                       {"value", std::to_string(options.pool.connections)}}});
  }
  options.pool.use = "log";
  options.pool.isolation = "read committed";  // a row that was changed meanwhile is looked at again, under its lock
  options.pool.statement_timeout_ms = options.append_timeout_ms;
  options.pool.lock_timeout_ms = options.append_timeout_ms;
  options.pool.connection.max_result_bytes = 4 * kMaxReadBytes;
  TRY(auto servers, servers_of(options.pool));
  auto state = std::make_shared<State>(std::move(options), std::move(servers), clock, ids, std::move(logger), metrics);
  return std::unique_ptr<PostgresLog>(new PostgresLog(std::move(state)));
}

PostgresLog::PostgresLog(std::shared_ptr<State> state) : state_(std::move(state)) {}
PostgresLog::~PostgresLog() {
  state_->thread.close([this] {
    for (const auto& lane : state_->lanes) lane->close();
  });
}

Task<> PostgresLog::seal(ShardId shard, Epoch epoch) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->thread.run(state->seal(shard, epoch));
}

Task<Position> PostgresLog::append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t began = state->clock.monotonic_ns();
  Result<Position> first = co_await state->thread.run(state->append(shard, epoch, std::move(records)));
  state->append_seconds.record(static_cast<double>(state->clock.monotonic_ns() - began) * 1e-9);
  co_return first;
}

Task<std::vector<LogEntry>> PostgresLog::read(ShardId shard, Position from, std::size_t max_bytes) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->thread.run(state->read(shard, from, max_bytes));
}

Task<engines::Log::Bounds> PostgresLog::bounds(ShardId shard) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->thread.run(state->bounds(shard));
}

Task<> PostgresLog::truncate(ShardId shard, Position keep_from) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->thread.run(state->truncate(shard, keep_from));
}

}  // namespace concord::postgres
