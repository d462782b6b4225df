// Several nodes write one record: with connections of their own to the same tables.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "audit/audit.h"
#include "audit/audit_store.h"
#include "audit/verify.h"
#include "base/reactor_testing.h"
#include "engines/contract_testing.h"
#include "engines/file_system.h"
#include "postgres/database_testing.h"
#include "postgres/postgres_tables.h"

namespace concord::audit {
namespace {

using engines::testing::TemporaryDirectory;

std::unique_ptr<engines::Tables> open(const std::string& url, Clock& clock, IdSource& ids, Metrics& metrics) {
  postgres::PostgresTablesOptions options;
  options.pool.url = url;
  options.pool.connections = 2;
  return postgres::PostgresTables::open(std::move(options), clock, ids, Logger(), metrics).value();
}

class Node {
 public:
  Node(const std::string& url, std::string file = "") : tables_(open(url, clock_, ids_, metrics_)) {
    audit_ = std::make_unique<Audit>(Options{.file = std::move(file)},
                                     Audit::Dependencies{*tables_, *files_, pool_, clock_, metrics_, Logger()});
    run(audit_->start(reactors_.at())).value();
  }
  ~Node() {
    concord::testing::run_on(reactors_.at(), audit_->stop());
    pool_.stop();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  bool record(std::string action) { return run(audit_->record({.action = std::move(action)})).has_value(); }
  void note(std::string action) { audit_->note({.action = std::move(action)}); }
  engines::Tables& tables() { return *tables_; }

 private:
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<engines::Tables> tables_;
  BlockingPool pool_{1};
  std::unique_ptr<Audit> audit_;
};

class ManyWriters : public ::testing::Test {
 protected:
  std::string verdict(Node& node) {
    Verifier verifier(std::nullopt);
    const auto head = node.run(verify_tables(node.tables(), verifier));
    return head ? "" : head.error().message;
  }
  std::size_t count(Node& node, const std::string& action) {
    return node.run(AuditStore(node.tables()).find({.action = action}, 1'000'000))->size();
  }

  TemporaryDirectory directory_;
  const std::string url_ = postgres::testing::database_url(directory_.path());
};

TEST_F(ManyWriters, write_one_chain_in_which_everything_is) {
  Node a(url_);
  Node b(url_);
  Node c(url_);
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (Node* node : {&a, &b, &c}) {
    for (int writer = 0; writer < 2; ++writer) {
      writers.emplace_back([node, &failed] {
        for (int i = 0; i < 100; ++i) {
          node->note("noted");
          if (!node->record("recorded")) ++failed;
        }
      });
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_LT(failed, 60) << "they are in each other's way too often";
  EXPECT_EQ(verdict(a), "");
  EXPECT_GE(count(a, "recorded"), static_cast<std::size_t>(600 - failed));
}

TEST_F(ManyWriters, one_that_is_cut_off_within_its_transaction_leaves_no_gap) {
  Node a(url_);
  Node b(url_);
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> writers;
  writers.reserve(3);
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&a, &stop, &acknowledged] {
      while (!stop) {
        for (int i = 0; i < 300; ++i) a.note("noted");
        if (a.record("recorded")) ++acknowledged;
      }
    });
  }
  const std::string database = url_.substr(url_.rfind('/') + 1);
  postgres::testing::PostgresServer& server = postgres::testing::PostgresServer::shared();
  int cut = 0;
  for (int i = 0; i < 60; ++i) {
    // Whoever is within a transaction that writes lines just now, on whichever node.
    const std::string ended = server.ask(
        database,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
        "pid <> pg_backend_pid() AND state IN ('active', 'idle in transaction') AND query LIKE '%audit_%'");
    cut += std::atoi(ended.c_str());
    b.record("of the other");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(cut, 0) << "nobody was cut off";
  EXPECT_EQ(verdict(b), "");
  EXPECT_GE(count(b, "recorded"), static_cast<std::size_t>(acknowledged.load()));
  EXPECT_TRUE(b.record("after"));
  EXPECT_EQ(verdict(b), "");
}

TEST_F(ManyWriters, a_file_gets_what_other_nodes_have_written) {
  const std::string file = directory_.path() + "/audit.jsonl";
  Node a(url_, file);
  Node b(url_);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(b.record("elsewhere"));
  const auto lines = [&file] {
    std::ifstream in(file);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (lines() < 10 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(lines(), 10U);
}

}  // namespace
}  // namespace concord::audit
