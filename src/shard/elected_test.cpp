// A job of a hub is done by one node at a time, and goes on elsewhere when that one ends, fails or loses its lease.

#include "shard/elected.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/local_coordination.h"
#include "engines/tables_opener_testing.h"
#include "shard/simulation_testing.h"

namespace concord::shard {
namespace {

using concord::testing::call_on;
using concord::testing::eventually;
using concord::testing::for_each_seed;
using concord::testing::RunningReactors;
using engines::Ownership;
using engines::testing::TemporaryDirectory;
using testing::Machine;
using testing::pick;
using testing::Random;
using testing::SimulatedCoordination;
using testing::World;

/// Nodes of one process that share a coordination.
class ElectedTest : public ::testing::Test {
 protected:
  struct Node {
    Node(ElectedTest& test, const std::string& name) : test_(test) {
      const ElectedOptions options{
          .name = "sweep", .node = name, .lease_ms = 60'000, .every_ms = 1, .retry_ms = 5, .max_retry_ms = 20};
      elected = std::make_unique<Elected>(options, test.reactors_.at(), *test.coordination_, test.clock_, metrics,
                                          Logger(), [this](Term& term) { return job(term); });
      call_on(test.reactors_.at(), [this] {
        elected->start();
        return 0;
      });
    }
    ~Node() { stop(); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    Task<> job(Term& term) {
      if (fails) co_return fail(Code::kUnavailable, "out of order");
      EXPECT_EQ(test_.at_work_.fetch_add(1), 0) << "two nodes do the job";
      epoch = term.epoch().value;
      runs.fetch_add(1);
      while (!returns && !term.over()) co_await term.wait(2);
      if (holds_on) (void)co_await sleep_ms(50);
      test_.at_work_.fetch_sub(1);
      co_return Result<>{};
    }
    void stop() {
      if (elected == nullptr) return;
      concord::testing::run_on(test_.reactors_.at(), elected->stop());
      elected.reset();
    }
    std::uint64_t failures() { return metrics.counter("concord_job_failures_total", "", {{"job", "sweep"}}).value(); }
    std::int64_t gauge() { return metrics.gauge("concord_job_elected", "", {{"job", "sweep"}}).value(); }
    std::uint64_t terms() { return metrics.counter("concord_job_terms_total", "", {{"job", "sweep"}}).value(); }

    std::atomic<bool> fails = false;
    std::atomic<bool> returns = false;
    std::atomic<bool> holds_on = false;
    std::atomic<int> runs = 0;
    std::atomic<std::uint64_t> epoch = 0;
    Metrics metrics;
    std::unique_ptr<Elected> elected;

   private:
    ElectedTest& test_;
  };

  template <class T>
  Result<T> run(Task<T> task) {  // not base's run_on, which a coroutine awaits
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  RunningReactors reactors_;
  std::unique_ptr<engines::Coordination> coordination_ =
      engines::LocalCoordination::open(*files_, {.directory = directory_.path()}, clock_, Logger(), metrics_).value();
  std::atomic<int> at_work_ = 0;
};

TEST_F(ElectedTest, one_node_does_the_job_and_the_next_goes_on_at_a_greater_epoch) {
  Node one(*this, "one");
  ASSERT_TRUE(eventually([&] { return one.runs > 0; }));
  Node two(*this, "two");
  EXPECT_EQ(one.gauge(), 1);
  EXPECT_EQ(two.gauge(), 0);
  EXPECT_EQ(run(coordination_->owner("job/sweep")).value()->owner, "one");
  one.holds_on = true;  // its job takes a while to end: the other must wait for it
  one.stop();
  ASSERT_TRUE(eventually([&] { return two.runs > 0; }));
  EXPECT_GT(two.epoch, one.epoch);
  EXPECT_EQ(one.gauge(), 0);
  EXPECT_EQ(two.gauge(), 1);
}

TEST_F(ElectedTest, a_job_that_returns_is_called_again_in_its_term) {
  Node one(*this, "one");
  one.returns = true;
  ASSERT_TRUE(eventually([&] { return one.runs > 3; }));
  EXPECT_EQ(one.terms(), 1U);
}

TEST_F(ElectedTest, a_node_where_the_job_fails_leaves_it_to_another_and_tries_again_where_there_is_none) {
  Node one(*this, "one");
  ASSERT_TRUE(eventually([&] { return one.runs > 0; }));
  one.fails = one.returns = true;
  ASSERT_TRUE(eventually([&] { return one.failures() > 2; }));
  Node two(*this, "two");
  ASSERT_TRUE(eventually([&] { return two.runs > 0; }));
  one.fails = one.returns = false;
  const int before = one.runs;
  two.stop();
  EXPECT_TRUE(eventually([&] { return one.runs > before; }));
}

TEST_F(ElectedTest, a_term_that_another_has_taken_over_may_write_nothing) {
  const auto tables = concord::testing::open_tables(directory_.path(), clock_, metrics_);
  ASSERT_TRUE(run(tables->migrate(term_migrations())));
  const auto held = [](std::uint64_t epoch) {
    return Ownership{.name = "job/sweep", .owner = "one", .epoch = {epoch}, .expires_ns = 0, .note = ""};
  };
  const auto write = [&](const Term& term) {
    return run(tables->transaction([&term](engines::Transaction& transaction) { return term.fence(transaction); }));
  };
  Term first(reactors_.at(), clock_, held(7), 1000);
  Term second(reactors_.at(), clock_, held(9), 1000);
  EXPECT_TRUE(write(first));
  EXPECT_TRUE(write(first));
  EXPECT_TRUE(write(second));
  const Result<> late = write(first);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kFenced);
  EXPECT_TRUE(write(second));
}

/// What one node of a simulated hub does, and what the hub's tables have of it.
struct Table {
  std::uint64_t epoch = 0;
  std::uint64_t writes = 0;
};

class SimulatedNode {
 public:
  SimulatedNode(World& world, std::string name, Table& table) : machine(world.now()), world_(world), table_(table) {
    world_.add(machine);
    elected_ = std::make_unique<Elected>(
        ElectedOptions{.name = "sweep", .node = std::move(name), .lease_ms = 1000, .every_ms = 20, .retry_ms = 50},
        machine.reactor, coordination_, machine, metrics_, Logger(), [this](Term& term) { return job(term); });
    machine.reactor.post([this] { elected_->start(); });
  }
  ~SimulatedNode() { world_.remove(machine); }
  SimulatedNode(const SimulatedNode&) = delete;
  SimulatedNode& operator=(const SimulatedNode&) = delete;

  /// Whether it believes that it does the job, as it would find now.
  bool is_elected() const { return !machine.dead && !machine.stands_still && elected_->is_elected(); }
  asio::awaitable<void> stop() { co_await elected_->stop(); }

  Machine machine;
  std::uint64_t written = 0;

 private:
  Task<> job(Term& term) {
    const std::uint64_t epoch = term.epoch().value;
    CO_TRY_VOID(co_await world_.ask<void>(machine, &Machine::log_cut, [this, epoch]() -> Result<> {
      if (epoch < table_.epoch) return fail(Code::kFenced, "a later term has written");
      table_.epoch = epoch;
      ++table_.writes;
      return {};
    }));
    ++written;
    co_return Result<>{};
  }

  World& world_;
  Table& table_;
  Metrics metrics_;
  SimulatedCoordination coordination_{world_, machine};
  std::unique_ptr<Elected> elected_;
};

void one_fault(World& world, Random& random, Machine& machine) {
  const auto a_while = static_cast<std::int64_t>(pick(random, 50, 4000));
  switch (pick(random, 0, 2)) {
    case 0:
      machine.stands_still = true;
      world.after_ms(a_while, [&machine] { machine.stands_still = false; });
      break;
    case 1:
      machine.coordination_cut = true;
      world.after_ms(a_while, [&machine] { machine.coordination_cut = false; });
      break;
    default:
      machine.log_cut = true;
      world.after_ms(a_while, [&machine] { machine.log_cut = false; });
  }
}

TEST(ElectedSimulation, never_two_believe_to_be_the_one_and_after_faults_one_is) {
  std::uint64_t runs = 0;
  std::uint64_t changes = 0;
  for_each_seed(60, [&runs, &changes](Random& random) {
    ++runs;
    World world(random);
    Table table;
    std::vector<std::unique_ptr<SimulatedNode>> nodes;
    for (const char* name : {"one", "two", "three"})
      nodes.push_back(std::make_unique<SimulatedNode>(world, name, table));
    const auto elected = [&nodes] {
      return std::ranges::count_if(nodes, [](const auto& node) { return node->is_elected(); });
    };
    std::int64_t fault_at = 0;
    std::uint64_t last_epoch = 0;
    EXPECT_FALSE(world.run_until(
        [&] {
          if (world.now_ms() >= fault_at) {
            fault_at = world.now_ms() + static_cast<std::int64_t>(pick(random, 100, 1500));
            one_fault(world, random, nodes[pick(random, 0, nodes.size() - 1)]->machine);
          }
          if (table.epoch != std::exchange(last_epoch, table.epoch)) ++changes;
          return elected() > 1;
        },
        15'000))
        << "two nodes believe to be the one";
    for (const auto& node : nodes)
      node->machine.stands_still = node->machine.coordination_cut = node->machine.log_cut = false;
    const std::uint64_t before = table.writes;
    EXPECT_TRUE(world.run_until([&] { return table.writes > before + 3 && elected() == 1; }, 20'000))
        << "nobody does the job though all is well again";
    for (const auto& node : nodes) world.finish(node->machine, node->stop());
    world.run_until([&world] { return world.is_quiet(); }, 60'000);
    EXPECT_EQ(world.violations, std::vector<std::string>());
  });
  EXPECT_GT(changes, runs) << "too few faults had an effect";
}

}  // namespace
}  // namespace concord::shard
