// What PostgresLog does with other owners, standbys, and a server that fails.

#include <algorithm>

#include "postgres/database_testing.h"
#include "postgres/faults_testing.h"

namespace concord::postgres {
namespace {

using concord::testing::eventually;
using engines::Epoch;
using engines::LogEntry;
using engines::Position;
using engines::ShardId;
using testing::code_of;
using testing::one_record;
using testing::PostgresServer;

constexpr ShardId kShard{7};
constexpr Epoch kEpoch{3};
constexpr std::size_t kAll = 1U << 30U;

class LogFaults : public testing::FaultTest {
 protected:
  PostgresLogOptions options(PostgresServer& server = PostgresServer::shared()) {
    PostgresLogOptions made;
    made.pool.url = testing::database_url(directory_.path(), server);
    return made;
  }
  Result<Position> append(PostgresLog& log, const std::string& payload, Epoch epoch = kEpoch) {
    return run(log.append(kShard, epoch, one_record(payload)));
  }
  std::vector<std::string> payloads(PostgresLog& log, Position from = Position{1}) {
    std::vector<std::string> texts;
    const Result<std::vector<LogEntry>> entries = run(log.read(kShard, from, kAll));
    for (const LogEntry& entry : entries.value()) texts.emplace_back(as_text(*entry.record.payload));
    return texts;
  }
  std::string database() {
    std::string name;
    std::ifstream(directory_.path() + "/database") >> name;
    return name;
  }

  engines::testing::TemporaryDirectory directory_;
};

TEST_F(LogFaults, an_owner_that_another_node_has_taken_over_from_is_fenced) {
  const auto old_owner = open_log(options());
  const auto new_owner = open_log(options());
  ASSERT_TRUE(run(old_owner->seal(kShard, kEpoch)));
  ASSERT_TRUE(append(*old_owner, "old"));
  ASSERT_TRUE(run(new_owner->seal(kShard, Epoch{4})));
  EXPECT_EQ(code_of(append(*old_owner, "late")), Code::kFenced);
  EXPECT_EQ(append(*new_owner, "new", Epoch{4}).value(), Position{2});
  EXPECT_EQ(payloads(*old_owner), (std::vector<std::string>{"old", "new"}));
}

Task<> append_one(PostgresLog& log, ShardId shard, std::string payload) {
  CO_TRY_VOID(co_await log.append(shard, kEpoch, one_record(payload)));
  co_return Result<>();
}

TEST_F(LogFaults, appends_of_many_callers_and_shards_share_commits) {
  PostgresLogOptions made = options();
  made.lanes = 1;
  const auto log = open_log(made);
  for (std::uint32_t shard = 1; shard <= 4; ++shard) ASSERT_TRUE(run(log->seal(ShardId{shard}, kEpoch)));
  std::vector<std::future<Result<>>> running;
  for (std::uint32_t i = 0; i < 400; ++i) running.push_back(start(append_one(*log, ShardId{1 + i % 4}, "x")));
  for (auto& each : running) ASSERT_TRUE(each.get());
  const Histogram::Reading batches = metrics_.histogram("concord_log_batch_records", "", size_bounds()).read();
  EXPECT_EQ(batches.sum, 400);
  EXPECT_LT(batches.count, 200U);
  for (std::uint32_t shard = 1; shard <= 4; ++shard)
    EXPECT_EQ(run(log->bounds(ShardId{shard})).value().next, Position{101});
}

TEST_F(LogFaults, what_is_truncated_leaves_the_table) {
  const auto log = open_log(options());
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(*log, "x"));
  ASSERT_TRUE(run(log->truncate(kShard, Position{4})));
  EXPECT_TRUE(
      eventually([&] { return PostgresServer::shared().ask(database(), "SELECT COUNT(*) FROM log_records") == "2"; }));
}

TEST_F(LogFaults, a_record_that_was_changed_or_is_missing_is_corrupt) {
  const auto log = open_log(options());
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*log, "good"));
  PostgresServer::shared().run(database(), "UPDATE log_records SET payload = 'evil' WHERE position = 2");
  const auto changed = run(log->read(kShard, Position{1}, kAll));
  ASSERT_EQ(code_of(changed), Code::kCorrupt);
  EXPECT_EQ(changed.error().context.at(1).second, "2");
  PostgresServer::shared().run(database(), "DELETE FROM log_records WHERE position >= 2");
  EXPECT_EQ(code_of(run(log->read(kShard, Position{1}, kAll))), std::nullopt);
  EXPECT_EQ(code_of(run(log->read(kShard, Position{2}, kAll))), Code::kCorrupt);
}

TEST_F(LogFaults, a_server_that_is_killed_loses_nothing_that_was_acknowledged) {
  PostgresServer server({"fsync=on"});
  const auto log = open_log(options(server));
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      acknowledged.push_back(std::to_string(round) + ":" + std::to_string(i));
      ASSERT_TRUE(append(*log, acknowledged.back()));
    }
    server.kill();
    EXPECT_EQ(code_of(append(*log, "away")), Code::kUnavailable);
    server.start();
    ASSERT_TRUE(eventually([&] { return run(log->bounds(kShard)).has_value(); }));
  }
  EXPECT_EQ(payloads(*log), acknowledged);
}

TEST_F(LogFaults, a_server_that_stands_still_hangs_no_append) {
  PostgresServer server;
  PostgresLogOptions made = options(server);
  made.append_timeout_ms = 200;
  made.pool.grace_ms = 200;
  made.pool.connection.connect_timeout_ms = 1000;
  const auto log = open_log(made);
  ASSERT_TRUE(eventually([&] { return run(log->seal(kShard, kEpoch)).has_value(); }));
  server.pause();
  EXPECT_EQ(code_of(append(*log, "a")), Code::kUnavailable);
  EXPECT_EQ(code_of(run(log->read(kShard, Position{1}, kAll))), Code::kUnavailable);
  EXPECT_EQ(code_of(append(*log, "b")), Code::kUnavailable);
  server.resume();
  ASSERT_TRUE(eventually([&] { return append(*log, "c").has_value(); }));
  EXPECT_EQ(payloads(*log).back(), "c");
}

/// A server with one synchronous standby.
class Replicated : public LogFaults {
 protected:
  /// Only once there is one: a commit waits for it.
  void replicate() {
    standby_ = std::make_unique<PostgresServer>(primary_, "standby");
    primary_.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'");
    primary_.run("postgres", "SELECT pg_reload_conf()");
    ASSERT_TRUE(eventually([&] { return ask("SELECT sync_state FROM pg_stat_replication") == "quorum"; }));
  }
  std::string ask(const std::string& sql) { return primary_.ask("postgres", sql); }

  PostgresServer primary_;
  std::unique_ptr<PostgresServer> standby_;
};

TEST_F(Replicated, an_append_is_acknowledged_once_the_standby_has_it_and_not_before) {
  PostgresLogOptions made = options(primary_);
  made.append_timeout_ms = 300;
  made.pool.grace_ms = 200;
  const auto log = open_log(made);
  ASSERT_TRUE(eventually([&] { return run(log->seal(kShard, kEpoch)).has_value(); }));
  replicate();
  ASSERT_TRUE(eventually([&] { return append(*log, "both").has_value(); }));
  standby_->pause();
  EXPECT_EQ(code_of(append(*log, "alone")), Code::kUnavailable);
  EXPECT_EQ(code_of(run(log->seal(kShard, Epoch{4}))), Code::kUnavailable);
  standby_->resume();
  ASSERT_TRUE(eventually([&] { return run(log->seal(kShard, Epoch{5})).has_value(); }));
  ASSERT_TRUE(eventually([&] { return append(*log, "again", Epoch{5}).has_value(); }));
  const std::vector<std::string> found = payloads(*log);
  EXPECT_EQ(found.front(), "both");
  EXPECT_EQ(found.back(), "again");
  EXPECT_LE(std::ranges::count(found, "alone"), 1);
}

TEST_F(Replicated, a_wait_for_the_standby_that_was_cancelled_is_no_acknowledgement) {
  PostgresLogOptions made = options(primary_);
  made.append_timeout_ms = 600'000;
  const auto log = open_log(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  replicate();
  standby_->pause();
  auto waiting = start(log->append(kShard, kEpoch, one_record("alone")));
  ASSERT_TRUE(
      eventually([&] { return ask("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1"; }));
  EXPECT_EQ(ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"), "t");
  const Result<Position> cancelled = waiting.get();
  ASSERT_EQ(code_of(cancelled), Code::kUnavailable);
  EXPECT_TRUE(cancelled.error().message.contains("standby")) << cancelled.error().message;
  EXPECT_EQ(primary_.ask(database(), "SELECT COUNT(*) FROM log_records"), "1")
      << "it is there, and was not acknowledged";
  standby_->resume();
  EXPECT_TRUE(append(*log, "again"));
}

TEST_F(Replicated, a_wait_that_ends_with_its_connection_is_no_acknowledgement) {
  PostgresLogOptions made = options(primary_);
  made.append_timeout_ms = 600'000;
  const auto log = open_log(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  replicate();
  standby_->pause();
  auto waiting = start(log->append(kShard, kEpoch, one_record("alone")));
  ASSERT_TRUE(
      eventually([&] { return ask("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1"; }));
  EXPECT_EQ(ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"), "t");
  EXPECT_EQ(code_of(waiting.get()), Code::kUnavailable);
  standby_->resume();
  EXPECT_TRUE(append(*log, "again"));
}

TEST_F(Replicated, rows_of_the_tables_wait_for_the_standby_too) {
  PostgresTablesOptions made;
  made.pool.url = testing::database_url(directory_.path(), primary_);
  made.pool.statement_timeout_ms = 300;
  made.pool.grace_ms = 200;
  const auto tables = open_tables(made);
  ASSERT_TRUE(run(tables->migrate({{"test", 1, "CREATE TABLE notes (id BIGINT PRIMARY KEY)"}})));
  replicate();
  const auto add = [&](std::int64_t id) { return run(tables->query({"INSERT INTO notes (id) VALUES ($1)", {id}})); };
  ASSERT_TRUE(eventually([&] { return add(1).has_value(); }));
  standby_->pause();
  EXPECT_EQ(code_of(add(2)), Code::kUnavailable);
  standby_->resume();
  ASSERT_TRUE(eventually([&] { return add(3).has_value(); }));
}

}  // namespace
}  // namespace concord::postgres
