// What the SQLite driver promises beyond the port: its limits, and that a commit is synced.

#include "engines/sqlite_tables.h"

#include <sqlite3.h>

#include <fstream>

#include "engines/contract_testing.h"

namespace concord::engines {
namespace {

using concord::testing::RunningReactors;
using testing::code_of;
using testing::DriverContext;

class SqliteTablesTest : public ::testing::Test {
 protected:
  SqliteTablesTest() { options_.connection.path = context_.directory.path() + "/test.db"; }
  ~SqliteTablesTest() override { tables_.reset(); }

  Result<> open() {
    tables_.reset();
    TRY(tables_, SqliteTables::open(options_, context_.clock, Logger(), context_.metrics));
    return {};
  }
  Result<Rows> query(std::string sql, std::vector<Value> arguments = {}) {
    return testing::run_on(reactors_.at(), tables_->query({std::move(sql), std::move(arguments)}));
  }
  std::future<Result<Rows>> start(std::string sql) {
    auto promise = std::make_shared<std::promise<Result<Rows>>>();
    asio::co_spawn(reactors_.at().context(), tables_->query({std::move(sql), {}}),
                   [promise](std::exception_ptr, Result<Rows> result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  Result<> transact(std::function<Task<>(Transaction&)> body) {
    return testing::run_on(reactors_.at(), tables_->transaction(std::move(body)));
  }

  DriverContext context_;
  SqliteTablesOptions options_;
  RunningReactors reactors_;
  std::unique_ptr<SqliteTables> tables_;
};

/// Counts the syncs of write-ahead files under the default file system of SQLite.
class SyncCounter {
 public:
  SyncCounter() {
    original_ = sqlite3_vfs_find(nullptr);
    shim_ = *original_;
    shim_.zName = "counting";
    shim_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
      const int code = original_->xOpen(original_, name, file, flags, out_flags);
      if (code != SQLITE_OK || (flags & SQLITE_OPEN_WAL) == 0) return code;
      real_ = file->pMethods;
      counting_ = *real_;
      counting_.xSync = [](sqlite3_file* synced, int how) {
        ++syncs_;
        return real_->xSync(synced, how);
      };
      file->pMethods = &counting_;
      return code;
    };
    sqlite3_vfs_register(&shim_, 1);
  }
  ~SyncCounter() { sqlite3_vfs_unregister(&shim_); }
  SyncCounter(const SyncCounter&) = delete;
  SyncCounter& operator=(const SyncCounter&) = delete;

  static int syncs() { return syncs_; }

 private:
  static inline sqlite3_vfs* original_ = nullptr;
  static inline const sqlite3_io_methods* real_ = nullptr;
  static inline sqlite3_io_methods counting_{};
  static inline std::atomic<int> syncs_ = 0;
  sqlite3_vfs shim_{};
};

TEST_F(SqliteTablesTest, every_write_syncs_the_write_ahead_log_before_it_returns) {
  const SyncCounter counter;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  for (int i = 0; i < 5; ++i) {
    const int before = SyncCounter::syncs();
    ASSERT_TRUE(query("INSERT INTO t VALUES (1)"));
    EXPECT_GT(SyncCounter::syncs(), before);
  }
  const int before = SyncCounter::syncs();
  ASSERT_TRUE(transact([](Transaction& t) -> Task<> {
    CO_TRY_VOID(co_await t.query({"INSERT INTO t VALUES (2)", {}}));
    co_return Result<>();
  }));
  EXPECT_GT(SyncCounter::syncs(), before);
  tables_.reset();
}

TEST_F(SqliteTablesTest, a_reader_cannot_write) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  auto reader = SqliteConnection::open(options_.connection, context_.clock).value();
  EXPECT_FALSE(reader->run({"INSERT INTO t VALUES (1)", {}}));
  EXPECT_FALSE(reader->run_if_reading({"INSERT INTO t VALUES (1)", {}})->has_value());
}

TEST_F(SqliteTablesTest, a_file_that_is_no_database_is_corrupt) {
  std::ofstream(options_.connection.path) << std::string(4096, 'x');
  const Result<> opened = open();
  EXPECT_EQ(code_of(opened), Code::kCorrupt);
  EXPECT_NE(opened.error().message.find(options_.connection.path), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(options_.connection.path), 4096U);
}

TEST_F(SqliteTablesTest, a_path_that_cannot_be_opened_is_named) {
  options_.connection.path = context_.directory.path() + "/missing/test.db";
  const Result<> opened = open();
  EXPECT_EQ(code_of(opened), Code::kUnavailable);
  EXPECT_NE(opened.error().message.find("/missing/test.db"), std::string::npos);
}

Task<> wait_for(std::atomic<bool>& go_on) {
  while (!go_on) CO_TRY_VOID(co_await sleep_ms(1));
  co_return Result<>();
}

TEST_F(SqliteTablesTest, a_full_queue_refuses_and_goes_on_later) {
  options_.max_queued_writes = 4;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  ASSERT_TRUE(query("INSERT INTO t VALUES (0)"));
  std::atomic<bool> begun = false;
  std::atomic<bool> go_on = false;
  std::promise<Result<>> held;
  asio::co_spawn(reactors_.at().context(), tables_->transaction([&](Transaction&) {
    begun = true;
    return wait_for(go_on);
  }),
                 [&](std::exception_ptr, Result<> result) { held.set_value(std::move(result)); });
  while (!begun) std::this_thread::yield();
  std::vector<std::future<Result<Rows>>> writes;
  for (int i = 0; i < 10; ++i) writes.push_back(start("INSERT INTO t VALUES (0)"));
  concord::testing::call_on(reactors_.at(), [] { return 0; });
  int refused = 0;
  for (auto& write : writes) {
    if (write.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) continue;
    EXPECT_EQ(code_of(write.get()), Code::kUnavailable);
    ++refused;
  }
  EXPECT_EQ(refused, 6);
  go_on = true;
  EXPECT_TRUE(held.get_future().get());
  EXPECT_TRUE(query("INSERT INTO t VALUES (0)"));
  EXPECT_EQ(as_integer(query("SELECT COUNT(*) FROM t")->rows[0][0]), 6);
}

TEST_F(SqliteTablesTest, a_transaction_past_its_time_is_rolled_back_and_told_so) {
  options_.transaction_timeout_ms = 50;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  std::optional<Code> late_statement;
  const Result<> slow = transact([&](Transaction& t) -> Task<> {
    CO_TRY_VOID(co_await t.query({"INSERT INTO t VALUES (1)", {}}));
    CO_TRY_VOID(co_await sleep_ms(150));
    late_statement = code_of(co_await t.query({"INSERT INTO t VALUES (2)", {}}));
    co_return Result<>();
  });
  EXPECT_EQ(late_statement, Code::kUnavailable);
  EXPECT_EQ(code_of(slow), Code::kUnavailable);
  EXPECT_EQ(as_integer(query("SELECT COUNT(*) FROM t")->rows[0][0]), 0);
}

TEST_F(SqliteTablesTest, a_write_inside_a_transaction_s_body_beside_it_does_not_hang_for_good) {
  options_.transaction_timeout_ms = 50;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  EXPECT_FALSE(transact([this](Transaction&) -> Task<> {
    CO_TRY_VOID(co_await tables_->query({"INSERT INTO t VALUES (1)", {}}));
    co_return Result<>();
  }));
  EXPECT_EQ(as_integer(query("SELECT COUNT(*) FROM t")->rows[0][0]), 1);
}

TEST_F(SqliteTablesTest, a_write_that_waited_too_long_is_refused) {
  options_.max_wait_ms = 20;
  options_.transaction_timeout_ms = 100;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  std::future<Result<Rows>> late;
  EXPECT_TRUE(transact([&](Transaction&) -> Task<> {
    late = start("INSERT INTO t VALUES (1)");
    CO_TRY_VOID(co_await sleep_ms(60));
    co_return Result<>();
  }));
  EXPECT_EQ(code_of(late.get()), Code::kUnavailable);
}

TEST_F(SqliteTablesTest, a_deferred_key_stops_its_own_statement_and_no_other_of_the_commit) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE p (id BIGINT PRIMARY KEY)"));
  ASSERT_TRUE(query("CREATE TABLE c (p BIGINT REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)"));
  ASSERT_TRUE(query("INSERT INTO p VALUES (1)"));
  std::vector<std::future<Result<Rows>>> writes;
  EXPECT_TRUE(transact([&](Transaction&) -> Task<> {  // so that they queue up and share a commit
    for (int i = 0; i < 10; ++i)
      writes.push_back(start("INSERT INTO c VALUES (" + std::to_string(i % 5 == 0 ? 77 : 1) + ")"));
    CO_TRY_VOID(co_await sleep_ms(30));
    co_return Result<>();
  }));
  for (std::size_t i = 0; i < writes.size(); ++i)
    EXPECT_EQ(code_of(writes[i].get()), i % 5 == 0 ? std::optional(Code::kConflict) : std::nullopt);
  EXPECT_EQ(as_integer(query("SELECT COUNT(*) FROM c")->rows[0][0]), 8);
}

TEST_F(SqliteTablesTest, writes_that_queue_up_share_a_commit) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  ASSERT_TRUE(query("INSERT INTO t VALUES (0)"));
  Histogram& commits =
      context_.metrics.histogram("concord_tables_commit_seconds", "Time of a commit.", latency_bounds());
  const std::uint64_t before = commits.read().count;
  std::vector<std::future<Result<Rows>>> writes;
  EXPECT_TRUE(transact([&](Transaction&) -> Task<> {
    for (int i = 0; i < 50; ++i) writes.push_back(start("INSERT INTO t VALUES (0)"));
    CO_TRY_VOID(co_await sleep_ms(30));
    co_return Result<>();
  }));
  for (auto& write : writes) EXPECT_TRUE(write.get());
  EXPECT_LE(commits.read().count - before, 3U);
}

TEST_F(SqliteTablesTest, a_result_or_a_time_past_its_limit_is_refused) {
  options_.connection.max_result_bytes = 100'000;
  options_.connection.statement_timeout_ms = 100;
  ASSERT_TRUE(open());
  const std::string numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ";
  EXPECT_EQ(code_of(query(numbers + "i FROM n")), Code::kTooLarge);
  EXPECT_EQ(code_of(query(numbers + "COUNT(*) FROM n")), Code::kTimeout);
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  EXPECT_EQ(code_of(query("INSERT INTO t SELECT i FROM (" + numbers + "i FROM n)")), Code::kTimeout);
  EXPECT_EQ(as_integer(query("SELECT COUNT(*) FROM t")->rows[0][0]), 0);
}

TEST_F(SqliteTablesTest, more_statements_than_are_cached_all_run) {
  options_.connection.cached_statements = 4;
  ASSERT_TRUE(open());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(as_integer(query("SELECT " + std::to_string(i))->rows[0][0]), i);
  }
}

TEST_F(SqliteTablesTest, another_process_that_holds_the_lock_is_waited_for_and_then_reported) {
  options_.connection.busy_timeout_ms = 50;
  ASSERT_TRUE(open());
  ASSERT_TRUE(query("CREATE TABLE t (id BIGINT)"));
  SqliteConnectionOptions other = options_.connection;
  other.writer = true;
  auto connection = SqliteConnection::open(other, context_.clock).value();
  ASSERT_TRUE(connection->begin());
  EXPECT_EQ(code_of(query("INSERT INTO t VALUES (1)")), Code::kUnavailable);
  ASSERT_TRUE(connection->commit());
  EXPECT_TRUE(query("INSERT INTO t VALUES (1)"));
}

}  // namespace
}  // namespace concord::engines
