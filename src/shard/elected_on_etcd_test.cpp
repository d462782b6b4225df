// A job of a hub on the real engines: elected in etcd, writing to PostgreSQL, and taken over when its node's leases are
// ended, as the supervisor of a node that has died does.

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/lease_witness_testing.h"
#include "etcd/etcd_coordination.h"
#include "etcd/etcd_server_testing.h"
#include "etcd/revoke.h"
#include "postgres/database_testing.h"
#include "postgres/postgres_tables.h"
#include "shard/elected.h"

namespace concord::shard {
namespace {

using concord::testing::eventually;
using engines::Transaction;
using engines::testing::WitnessedLeases;

etcd::testing::EtcdServer& etcd_server() {
  static etcd::testing::EtcdServer one({.heartbeat_ms = 10, .election_ms = 100});
  return one;
}

/// Writes a row at its epoch behind the last one; a function of its own, so that its arguments live.
Task<> write_row(Transaction& transaction, const Term& term) {
  CO_TRY_VOID(co_await term.fence(transaction));
  CO_TRY(const auto last, co_await transaction.query({"SELECT coalesce(max(number), 0) FROM work", {}}));
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO work (number, epoch) VALUES ($1, $2)",
       {engines::as_integer(last.rows[0][0]) + 1, static_cast<std::int64_t>(term.epoch().value)}}));
  co_return Result<>();
}

class Node {
 public:
  Node(const std::string& name, const std::string& prefix, const std::string& database) {
    postgres::PostgresTablesOptions tables;
    tables.pool.url = database;
    tables.pool.connections = 2;
    tables_ = postgres::PostgresTables::open(std::move(tables), clock_, ids_, Logger(), metrics_).value();
    etcd::EtcdOptions options;
    options.endpoints = etcd_server().endpoints();
    options.prefix = prefix;
    options.call_timeout_ms = 20'000;
    options.witness = &leases;
    options_ = options;
    coordination_ = etcd::open_etcd_coordination(options, clock_, ids_, Logger(), metrics_).value();
    run(tables_->migrate(term_migrations())).value();
    run(tables_->migrate({{"work", 1, "CREATE TABLE work (number BIGINT PRIMARY KEY, epoch BIGINT NOT NULL)"}}))
        .value();
    elected_ =
        std::make_unique<Elected>(ElectedOptions{.name = "work", .node = name, .lease_ms = 20'000}, reactors_.at(),
                                  *coordination_, clock_, metrics_, Logger(), [this](Term& term) { return job(term); });
    concord::testing::call_on(reactors_.at(), [this] {
      elected_->start();
      return 0;
    });
  }
  ~Node() { concord::testing::run_on(reactors_.at(), elected_->stop()); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  engines::Rows sql(std::string statement) { return run(tables_->query({std::move(statement), {}})).value(); }
  void lose_leases() { ASSERT_TRUE(etcd::revoke_leases(options_, leases.held(), clock_, ids_, Logger(), metrics_)); }

  WitnessedLeases leases;
  std::atomic<int> written = 0;
  std::atomic<int> fenced = 0;
  std::atomic<bool> is_deaf = false;  // it goes on beyond its term, as if it did not know

 private:
  Task<> job(Term& term) {
    while (is_deaf || !term.over()) {
      const auto done =
          co_await tables_->transaction([&term](Transaction& transaction) { return write_row(transaction, term); });
      if (done) ++written;
      if (!done && done.error().code == Code::kFenced) {
        ++fenced;
        co_return done;
      }
      (void)co_await sleep_ms(2);
    }
    co_return Result<>();
  }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  etcd::EtcdOptions options_;
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<engines::Coordination> coordination_;
  std::unique_ptr<Elected> elected_;
};

TEST(ElectedOnEtcd, a_job_is_taken_over_and_who_had_it_writes_nothing_more) {
  const engines::testing::TemporaryDirectory directory;
  const std::string database = postgres::testing::database_url(directory.path());
  Node one("one", directory.path() + "/", database);
  ASSERT_TRUE(eventually([&] { return one.written > 3; }));
  Node two("two", directory.path() + "/", database);
  one.is_deaf = true;
  one.lose_leases();
  ASSERT_TRUE(eventually([&] { return two.written > 3; }));
  EXPECT_TRUE(eventually([&] { return one.fenced > 0; })) << "it has not noticed";
  one.is_deaf = false;
  const auto rows = two.sql("SELECT epoch FROM work ORDER BY number").rows;
  std::int64_t last = 0;
  std::set<std::int64_t> epochs;
  for (const auto& row : rows) {
    EXPECT_GE(engines::as_integer(row[0]), last) << "an earlier term has written behind a later one";
    last = engines::as_integer(row[0]);
    epochs.insert(last);
  }
  EXPECT_EQ(epochs.size(), 2U);
}

}  // namespace
}  // namespace concord::shard
