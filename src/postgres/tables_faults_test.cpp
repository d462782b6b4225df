// What PostgresTables does when its server, or the way to it, fails.

#include <atomic>

#include "postgres/database_testing.h"
#include "postgres/faults_testing.h"

namespace concord::postgres {
namespace {

using concord::testing::eventually;
using engines::as_integer;
using engines::Rows;
using engines::Transaction;
using testing::code_of;
using testing::PostgresServer;

class TablesFaults : public testing::FaultTest {
 protected:
  PostgresTablesOptions options(PostgresServer& server = PostgresServer::shared()) {
    PostgresTablesOptions made;
    made.pool.url = testing::database_url(directory_.path(), server);
    return made;
  }
  void make_table(PostgresTables& tables) {
    ASSERT_TRUE(eventually([&] {
      return run(tables.migrate({{"test", 1, "CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT)"}})).has_value();
    }));
  }
  Result<Rows> add(PostgresTables& tables, std::int64_t id) {
    return run(tables.query({"INSERT INTO notes (id, body) VALUES ($1, 'x')", {id}}));
  }
  Result<Rows> ask(PostgresTables& tables, std::string sql) { return run(tables.query({std::move(sql), {}})); }
  std::int64_t count(PostgresTables& tables) {
    return as_integer(ask(tables, "SELECT COUNT(*) FROM notes").value().rows[0][0]);
  }

  engines::testing::TemporaryDirectory directory_;
};

TEST_F(TablesFaults, a_server_that_is_killed_makes_calls_unavailable_until_it_is_back) {
  PostgresServer server;
  const auto tables = open_tables(options(server));
  make_table(*tables);
  ASSERT_TRUE(add(*tables, 1));
  server.kill();
  for (int i = 0; i < 5; ++i) {
    const auto added = add(*tables, 2);
    ASSERT_EQ(code_of(added), Code::kUnavailable);
    EXPECT_EQ(added.error().message.find("127.0.0.1"), std::string::npos) << "clients are told of this";
  }
  EXPECT_GT(counted("concord_postgres_connect_failures_total", "tables"), 0U);
  server.start();
  ASSERT_TRUE(eventually([&] { return add(*tables, 3).has_value(); }));
  EXPECT_EQ(count(*tables), 2);
}

TEST_F(TablesFaults, a_server_that_stands_still_hangs_no_call) {
  PostgresServer server;
  PostgresTablesOptions made = options(server);
  made.pool.statement_timeout_ms = 200;
  made.pool.grace_ms = 200;
  made.pool.connection.connect_timeout_ms = 1000;
  const auto tables = open_tables(made);
  make_table(*tables);
  server.pause();
  EXPECT_EQ(code_of(add(*tables, 1)), Code::kUnavailable);  // on a connection that is open
  EXPECT_EQ(code_of(add(*tables, 2)), Code::kUnavailable);  // on one that does not come about
  EXPECT_EQ(code_of(run(tables->transaction([](Transaction&) -> Task<> { co_return Result<>(); }))),
            Code::kUnavailable);
  EXPECT_GT(counted("concord_postgres_timed_out_total", "tables"), 0U);
  server.resume();
  ASSERT_TRUE(eventually([&] { return add(*tables, 3).has_value(); }));
}

TEST_F(TablesFaults, a_server_that_is_stopped_by_its_administrator_is_found_again) {
  PostgresServer server;
  const auto tables = open_tables(options(server));
  make_table(*tables);
  server.stop();
  EXPECT_EQ(code_of(add(*tables, 1)), Code::kUnavailable);
  server.start();
  ASSERT_TRUE(eventually([&] { return add(*tables, 1).has_value(); }));
}

Task<> write_and_wait(Transaction& transaction, std::atomic<int>& stage) {
  CO_TRY_VOID(co_await transaction.query({"INSERT INTO notes (id) VALUES (1)", {}}));
  stage = 1;
  while (stage != 2) CO_TRY_VOID(co_await sleep_ms(1));
  CO_TRY_VOID(co_await transaction.query({"INSERT INTO notes (id) VALUES (2)", {}}));
  co_return Result<>();
}

TEST_F(TablesFaults, a_connection_that_is_cut_in_a_transaction_leaves_nothing_of_it) {
  const auto tables = open_tables(options());
  make_table(*tables);
  std::atomic<int> stage = 0;
  auto cut = start(tables->transaction([&stage](Transaction& t) { return write_and_wait(t, stage); }));
  ASSERT_TRUE(eventually([&] { return stage == 1; }));
  ASSERT_TRUE(ask(*tables,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state "
                  "= 'idle in transaction'"));
  stage = 2;
  EXPECT_EQ(code_of(cut.get()), Code::kUnavailable);
  EXPECT_EQ(count(*tables), 0);
}

TEST_F(TablesFaults, a_transaction_past_its_time_is_rolled_back_and_its_calls_are_answered) {
  PostgresTablesOptions made = options();
  made.transaction_timeout_ms = 2000;
  const auto tables = open_tables(made);
  make_table(*tables);
  std::atomic<int> stage = 0;
  auto slow = start(tables->transaction([&stage](Transaction& t) { return write_and_wait(t, stage); }));
  ASSERT_TRUE(eventually([&] { return stage == 1; }));
  // Its row stands in the way for as long as it is open.
  ASSERT_TRUE(eventually([&] { return add(*tables, 1).has_value(); }));
  stage = 2;
  const Result<> ended = slow.get();
  EXPECT_EQ(code_of(ended), Code::kUnavailable);
  EXPECT_EQ(count(*tables), 1);
}

TEST_F(TablesFaults, a_statement_past_its_time_is_stopped_by_the_server) {
  PostgresTablesOptions made = options();
  made.pool.statement_timeout_ms = 500;
  made.pool.grace_ms = 60'000;
  const auto tables = open_tables(made);
  EXPECT_EQ(code_of(ask(*tables, "SELECT pg_sleep(600)")), Code::kTimeout);
  EXPECT_EQ(counted("concord_postgres_timed_out_total", "tables"), 0U);
  EXPECT_TRUE(eventually([&] { return ask(*tables, "SELECT 1").has_value(); })) << "as good as before";
}

TEST_F(TablesFaults, what_nobody_waits_for_any_more_is_cancelled_at_the_server) {
  PostgresTablesOptions made = options();
  made.pool.statement_timeout_ms = 0;  // the server has no limit, we have
  made.pool.grace_ms = 300;
  const auto tables = open_tables(made);
  EXPECT_EQ(code_of(ask(*tables, "SELECT pg_sleep(600)")), Code::kUnavailable);
  EXPECT_TRUE(eventually([&] {
    const auto left = ask(*tables,
                          "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE "
                          "'%pg_sleep(600)%' AND pid <> pg_backend_pid()");
    return left && as_integer(left->rows[0][0]) == 0;
  }));
}

TEST_F(TablesFaults, a_pool_that_is_used_up_lets_some_wait_and_refuses_the_rest) {
  PostgresTablesOptions made = options();
  made.pool.connections = 2;
  made.pool.max_waiting = 1;
  const auto tables = open_tables(made);
  make_table(*tables);
  std::atomic<int> first = 0;
  auto one = start(tables->transaction([&first](Transaction& t) { return write_and_wait(t, first); }));
  ASSERT_TRUE(eventually([&] { return first == 1; }));
  std::atomic<int> second = 0;
  auto two = start(tables->transaction([&second](Transaction&) -> Task<> {
    second = 1;
    while (second != 2) CO_TRY_VOID(co_await sleep_ms(1));
    co_return Result<>();
  }));
  ASSERT_TRUE(eventually([&] { return second == 1; }));
  auto waits = start(tables->query({"SELECT 1", {}}));
  ASSERT_TRUE(
      eventually([&] { return metrics_.gauge("concord_postgres_waiting", "", {{"use", "tables"}}).value() == 1; }));
  const Result<Rows> refused = ask(*tables, "SELECT 2");
  EXPECT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_EQ(refused.error().context.at(0).second, "1");
  second = 2;
  EXPECT_TRUE(two.get());
  EXPECT_TRUE(waits.get());
  first = 2;
  EXPECT_TRUE(one.get());
}

TEST_F(TablesFaults, who_waits_too_long_for_a_connection_is_refused) {
  PostgresTablesOptions made = options();
  made.pool.connections = 1;
  made.pool.max_wait_ms = 50;
  const auto tables = open_tables(made);
  make_table(*tables);
  std::atomic<int> stage = 0;
  auto holds = start(tables->transaction([&stage](Transaction& t) { return write_and_wait(t, stage); }));
  ASSERT_TRUE(eventually([&] { return stage == 1; }));
  EXPECT_EQ(code_of(ask(*tables, "SELECT 1")), Code::kUnavailable);
  stage = 2;
  EXPECT_TRUE(holds.get());
}

TEST_F(TablesFaults, of_two_servers_the_one_that_can_be_written_is_used) {
  PostgresServer gone;
  const std::uint16_t dead = gone.port();
  gone.kill();
  PostgresTablesOptions made = options();
  const std::string live = ":" + std::to_string(PostgresServer::shared().port());
  made.pool.url.replace(made.pool.url.find(live), live.size(), ":" + std::to_string(dead) + ",127.0.0.1" + live);
  const auto tables = open_tables(made);
  EXPECT_TRUE(ask(*tables, "SELECT 1"));
}

TEST_F(TablesFaults, a_connection_that_takes_no_writes_any_more_is_left) {
  PostgresTablesOptions made = options();
  made.pool.connections = 1;
  const auto tables = open_tables(made);
  make_table(*tables);
  ASSERT_TRUE(ask(*tables, "SELECT set_config('default_transaction_read_only', 'on', false)"));
  EXPECT_EQ(code_of(add(*tables, 1)), Code::kUnavailable);
  EXPECT_TRUE(add(*tables, 1));
}

TEST_F(TablesFaults, a_result_that_is_too_large_is_refused_and_the_next_call_works) {
  PostgresTablesOptions made = options();
  made.pool.connection.max_result_bytes = 1U << 20U;
  const auto tables = open_tables(made);
  EXPECT_EQ(code_of(ask(*tables, "SELECT repeat('x', 1000) FROM generate_series(1, 100000)")), Code::kTooLarge);
  EXPECT_EQ(ask(*tables, "SELECT repeat('x', 1000) FROM generate_series(1, 100)")->rows.size(), 100U);
}

TEST_F(TablesFaults, a_database_that_does_not_order_by_bytes_is_refused_with_how_to_make_one) {
  PostgresServer& server = PostgresServer::shared();
  PostgresTablesOptions made;
  server.run("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  made.pool.url = server.url("latin");
  const auto tables = open_tables(made);
  const Result<Rows> refused = ask(*tables, "SELECT 1");
  EXPECT_EQ(code_of(refused), Code::kUnsupported);
  EXPECT_TRUE(refused.error().message.contains("LC_COLLATE 'C'"));
}

TEST_F(TablesFaults, columns_that_changed_since_a_statement_was_prepared_are_seen) {
  const auto tables = open_tables(options());
  make_table(*tables);
  ASSERT_TRUE(add(*tables, 1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*tables, "SELECT * FROM notes")->rows[0].size(), 2U);
  ASSERT_TRUE(run(tables->migrate({{"test", 1, ""}, {"test", 2, "ALTER TABLE notes ADD COLUMN more BIGINT"}})));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*tables, "SELECT * FROM notes").value().rows[0].size(), 3U);
}

TEST_F(TablesFaults, more_statements_than_are_kept_prepared_all_work) {
  PostgresTablesOptions made = options();
  made.pool.connections = 1;
  made.pool.connection.cached_statements = 4;
  const auto tables = open_tables(made);
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t i = 0; i < 10; ++i) {
      const auto rows = run(tables->query({"SELECT $1 + " + std::to_string(i), {i}}));
      ASSERT_TRUE(rows) << rows.error().message;
      EXPECT_EQ(as_integer(rows->rows[0][0]), 2 * i);
    }
  }
  EXPECT_LE(as_integer(ask(*tables, "SELECT COUNT(*) FROM pg_prepared_statements")->rows[0][0]), 4);
}

}  // namespace
}  // namespace concord::postgres
