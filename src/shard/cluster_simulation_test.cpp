// Many nodes, whose real code keeps the shards, in a world of faults (simulation_testing.h): they stand still, die and
// come back, are cut off from the log, from the coordination, or both; their wall clocks jump. Whatever happens, an
// acknowledged write is there, once and in its order; epochs only grow; two owners never both commit; and once the
// faults end, every write is taken. One seed, one run.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <numeric>

#include "shard/keeper.h"
#include "shard/membership.h"
#include "shard/shard.h"
#include "shard/simulation_testing.h"

namespace concord::shard {
namespace {

using concord::testing::for_each_seed;
using testing::Machine;
using testing::pick;
using testing::Random;
using testing::SimulatedCoordination;
using testing::SimulatedLog;
using testing::World;

constexpr std::uint32_t kShardsHere = 5;
constexpr std::size_t kClients = 6;
constexpr std::int64_t kLeaseMs = 1000;

/// What a stream consists of: the numbers that its client has written.
struct Content {
  std::vector<std::uint64_t> written;
  Position position;
};

/// Where snapshots are: they stay, whoever writes later.
using Snapshots = std::map<std::string, Content>;

/// One shard on a node, with the contents of its streams.
struct Running final : StateMachine {
  void replay(LogEntry entry) override { tail.push_back(std::move(entry)); }
  Task<> found(LogEntry entry) override {
    apply(entry.record, entry.position);
    co_return Result<>{};
  }
  void apply(const LogRecord& record, Position position) {
    Content& content = contents[record.stream];
    if (position <= content.position) return;  // the snapshot has it
    content.position = position;
    // A write whose answer was lost may come once more, later than the shard remembers: as documents, it knows what it
    // has.
    if (content.written.empty() || record.sequence > content.written.back()) content.written.push_back(record.sequence);
  }

  std::unique_ptr<Shard> shard;
  std::vector<LogEntry> tail;
  std::map<std::string, Content> contents;
  bool serves = false;
};

class Node final : public ShardHost {
  World& world_;

 public:
  Machine machine;
  bool stopped = false;

  Node(World& world, Snapshots& snapshots, std::string name, Metrics& metrics)
      : world_(world), machine(world.now()), snapshots_(snapshots), name_(std::move(name)), shard_metrics_(metrics) {
    world_.add(machine);
  }
  ~Node() override { world_.remove(machine); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const std::string& name() const { return name_; }
  std::size_t count() const { return keeper_.count(); }

  asio::awaitable<void> start() {
    while (!machine.dead && !co_await membership_.join()) (void)co_await sleep_ms(50);
    while (!machine.dead && !co_await keeper_.start()) (void)co_await sleep_ms(50);
    started_ = true;
  }
  asio::awaitable<void> stop() {
    if (std::exchange(stopped, true)) {
      while (!ended_) (void)co_await sleep_ms(10);
      co_return;
    }
    while (!started_) (void)co_await sleep_ms(10);
    co_await membership_.leave();
    co_await keeper_.stop();
    ended_ = true;
  }

  Task<> take(ShardId id) override {
    auto running = std::make_unique<Running>();
    running->shard = std::make_unique<Shard>(id, name_, machine.reactor, log_, coordination_,
                                             ShardLimits{.max_batch_records = 8, .lease_ms = kLeaseMs}, machine,
                                             shard_metrics_, Logger());
    CO_TRY_VOID(co_await running->shard->start(*running));
    auto contents = co_await read_snapshots(id);
    if (!contents) {
      co_await running->shard->drain();
      co_return fail(contents.error());
    }
    running->contents = std::move(*contents);
    for (const LogEntry& entry : running->tail) running->apply(entry.record, entry.position);
    running->serves = true;
    running_[id] = std::move(running);
    co_return Result<>{};
  }
  bool holds(ShardId id) const override {
    const auto found = running_.find(id);
    return found != running_.end() && found->second->shard->state() == Shard::State::kServing;
  }
  asio::awaitable<void> give(ShardId id) override {
    Running& running = *running_.at(id);
    running.serves = false;
    co_await running.shard->drain();
    running_.erase(id);
  }

  /// A client's write; `done` is called here.
  void write(ShardId id, const std::string& stream, std::uint64_t number, std::function<void(Result<>)> done) {
    const auto found = running_.find(id);
    if (found == running_.end() || !found->second->serves) {
      done(fail(Code::kUnavailable, "not here"));
      return;
    }
    LogRecord record;
    record.stream = stream;
    record.client = stream;
    record.sequence = number;
    record.time = found->second->shard->now();
    record.payload = std::make_shared<const Bytes>();
    Running* running = found->second.get();
    found->second->shard->append(record, [running, record, done = std::move(done)](Result<Shard::Appended> appended) {
      if (appended && !appended->repeated) running->apply(record, appended->position);
      done(appended ? Result<>{} : fail(appended.error()));
    });
  }
  bool serves(ShardId id) const { return running_.contains(id) && running_.at(id)->serves && holds(id); }
  const std::map<std::string, Content>& contents(ShardId id) const { return running_.at(id)->contents; }

  /// Snapshots of what one shard has, one after the other.
  asio::awaitable<void> snapshot(ShardId id) {
    const auto found = running_.find(id);
    if (found == running_.end() || std::exchange(snapshotting_, true)) co_return;
    for (const auto& kept : std::map(found->second->contents)) {
      auto done = co_await world_.ask<void>(machine, &Machine::log_cut, [this, kept]() -> Result<> {
        Content& newest = snapshots_[kept.first];
        if (newest.position < kept.second.position) newest = kept.second;
        return {};
      });
      const auto still = running_.find(id);
      if (still == running_.end()) break;
      if (done) still->second->shard->snapshotted(kept.first, kept.second.position);
    }
    snapshotting_ = false;
  }

 private:
  Task<std::map<std::string, Content>> read_snapshots(ShardId id) {
    return world_.ask<std::map<std::string, Content>>(machine, &Machine::log_cut,
                                                      [this, id]() -> Result<std::map<std::string, Content>> {
                                                        std::map<std::string, Content> found;
                                                        for (const auto& [stream, content] : snapshots_) {
                                                          if (stream.ends_with("/" + std::to_string(id.value)))
                                                            found[stream] = content;
                                                        }
                                                        return found;
                                                      });
  }

  Snapshots& snapshots_;
  std::string name_;
  ShardMetrics shard_metrics_;
  SimulatedLog log_{world_, machine};
  SimulatedCoordination coordination_{world_, machine};
  Membership membership_{
      {.self = {name_, "127.0.0.1:1"}, .lease_ms = kLeaseMs}, machine.reactor, coordination_, Logger(), [this] {
        keeper_.members_changed();
      }};
  ShardKeeper keeper_{{.shards = kShardsHere}, machine.reactor, coordination_, membership_, *this, machine, Logger()};
  std::map<ShardId, std::unique_ptr<Running>> running_;
  bool snapshotting_ = false;
  bool started_ = false;
  bool ended_ = false;
};

/// Writes 1, 2, 3, … to a stream of its own, each until it is acknowledged.
struct Client {
  ShardId shard;
  std::string stream;
  std::uint64_t acknowledged = 0;
  std::uint64_t attempt = 0;  // an answer to an earlier one is not heard
  bool waits = false;
};

class Cluster {
 public:
  explicit Cluster(Random& random) : world(random), random_(random) {
    for (std::size_t i = 0; i < kClients; ++i) {
      const ShardId shard{static_cast<std::uint32_t>(i % kShardsHere)};
      clients.push_back({shard, "client-" + std::to_string(i) + "/" + std::to_string(shard.value)});
    }
    const std::uint64_t count = pick(random_, 2, 4);
    for (std::uint64_t i = 0; i < count; ++i) start_node("node-" + std::to_string(i));
  }
  ~Cluster() {
    ending_ = true;
    for (auto& node : nodes) end(*node);
    world.run_until([this] { return world.is_quiet(); }, 60'000);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void start_node(const std::string& name) {
    if (ending_) return;
    nodes.push_back(std::make_unique<Node>(world, snapshots_, name, metrics_));
    Node& node = *nodes.back();
    node.machine.spawn(node.start());
  }
  /// It answers nobody from now on.
  void kill(Node& node) {
    node.machine.dead = true;
    node.machine.stands_still = true;
  }
  /// Ends a node: one that lives hands over what it has.
  void end(Node& node) {
    node.machine.stands_still = false;
    world.finish(node.machine, node.stop());
  }

  std::vector<Node*> living() const {
    std::vector<Node*> found;
    for (const auto& node : nodes) {
      if (!node->machine.dead && !node->stopped) found.push_back(node.get());
    }
    return found;
  }
  Node* any_living() {
    const auto found = living();
    return found.empty() ? nullptr : found[pick(random_, 0, found.size() - 1)];
  }

  void let_clients_write() {
    for (Client& client : clients) {
      if (!client.waits && (writing || client.acknowledged < client.attempt)) submit(client);
    }
  }

  void submit(Client& client) {
    Node* node = nullptr;
    for (Node* one : living()) {
      if (one->serves(client.shard) && !world.chance(10)) node = one;
    }
    if (node == nullptr) node = any_living();
    if (node == nullptr) return;
    client.waits = true;
    const std::uint64_t attempt = ++attempts_;
    client.attempt = std::max(client.attempt, client.acknowledged + 1);
    current_[&client] = attempt;
    const auto answered = [this, &client, attempt](const Result<>& result) {
      if (current_[&client] != attempt) return;
      current_[&client] = 0;
      client.waits = false;
      if (result) client.acknowledged = client.attempt;
    };
    world.after_ms(1500, [answered] { answered(fail(Code::kTimeout, "no answer")); });
    const auto arrive = [this, node, &client, answered] {
      const std::uint64_t number = client.attempt;
      node->machine.reactor.post([this, node, &client, number, answered] {
        node->write(client.shard, client.stream, number, [this, node, answered](const Result<>& result) {
          if (node->machine.dead) return;
          world.after_ms(static_cast<std::int64_t>(pick(random_, 0, 5)), [answered, result] { answered(result); });
        });
      });
    };
    world.after_ms(static_cast<std::int64_t>(pick(random_, 0, 5)), arrive, &node->machine);
  }

  void one_fault() {
    Node* node = any_living();
    if (node == nullptr) return;
    Machine& machine = node->machine;
    const auto a_while = static_cast<std::int64_t>(pick(random_, 50, 3000));
    switch (pick(random_, 0, 6)) {
      case 0:  // SIGSTOP
        machine.stands_still = true;
        world.after_ms(a_while, [&machine] { machine.stands_still = machine.dead; });
        break;
      case 1:  // kill -9; who starts it anew gives it its name
        kill(*node);
        world.after_ms(a_while, [this, name = node->name()] { start_node(name); });
        break;
      case 2:
        machine.log_cut = true;
        world.after_ms(a_while, [&machine] { machine.log_cut = false; });
        break;
      case 3:
        machine.coordination_cut = true;
        world.after_ms(a_while, [&machine] { machine.coordination_cut = false; });
        break;
      case 4:
        machine.log_cut = machine.coordination_cut = true;
        world.after_ms(a_while, [&machine] { machine.log_cut = machine.coordination_cut = false; });
        break;
      case 5:
        machine.wall_ahead_ms = static_cast<std::int64_t>(pick(random_, 0, 20'000)) - 10'000;
        break;
      default:  // one more, or one that is replaced by another
        if (living().size() >= 4 && !machine.stands_still) {
          machine.spawn(node->stop());
        } else {
          start_node("node-" + std::to_string(nodes.size()));
        }
    }
    ++faults;
  }

  void run(std::int64_t longest_ms) {
    std::int64_t fault_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 200, 1500));
    std::int64_t snapshot_at = world.now_ms() + 100;
    world.run_until(
        [&] {
          let_clients_write();
          if (world.now_ms() >= snapshot_at) {
            snapshot_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 50, 400));
            if (Node* node = any_living(); node != nullptr) {
              const ShardId shard{static_cast<std::uint32_t>(pick(random_, 0, kShardsHere - 1))};
              node->machine.spawn(node->snapshot(shard));
            }
          }
          if (world.now_ms() >= fault_at) {
            fault_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 200, 1500));
            one_fault();
          }
          return !world.violations.empty();
        },
        longest_ms);
  }

  /// Who has the shard: one that believes so, and is not, is served no write.
  const Node* owner(ShardId shard) const {
    const auto held = world.held.find(std::string(kOwnershipPrefix) + std::to_string(shard.value));
    if (held == world.held.end() || held->second.ownership.epoch != world.logs.at(shard.value).epoch) return nullptr;
    for (const Node* node : living()) {
      if (node->name() == held->second.ownership.owner && node->serves(shard)) return node;
    }
    return nullptr;
  }

  /// Ends all faults, and waits until every write was taken, and every shard has its owner.
  bool heal(std::int64_t longest_ms) {
    for (const auto& node : nodes) {
      node->machine.stands_still = node->machine.dead;
      node->machine.log_cut = node->machine.coordination_cut = false;
    }
    if (living().empty()) start_node("last");
    writing = false;
    return world.run_until(
        [this] {
          let_clients_write();
          return std::ranges::all_of(
              clients, [this](const Client& c) { return c.acknowledged == c.attempt && owner(c.shard) != nullptr; });
        },
        longest_ms);
  }

  World world;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<Client> clients;
  bool writing = true;
  std::uint64_t faults = 0;

 private:
  Random& random_;
  Snapshots snapshots_;
  Metrics metrics_;
  std::map<const Client*, std::uint64_t> current_;
  std::uint64_t attempts_ = 0;
  bool ending_ = false;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

/// What one client has written, as the owner of its shard has it.
void expect_complete(const Cluster& cluster, const Client& client) {
  const Node& owner = *cluster.owner(client.shard);
  const auto found = owner.contents(client.shard).find(client.stream);
  std::vector<std::uint64_t> expected(client.acknowledged);
  std::iota(expected.begin(), expected.end(), 1);
  const auto there = found == owner.contents(client.shard).end() ? std::vector<std::uint64_t>() : found->second.written;
  const auto differ = std::ranges::mismatch(there, expected);
  EXPECT_EQ(there, expected) << client.stream << " on " << owner.name() << ", " << there.size() << " instead of "
                             << expected.size() << ", from place " << differ.in1 - there.begin() << " on";
}

struct Sums {
  std::uint64_t runs = 0, faults = 0, acknowledged = 0;
};

void run_once(Random& random, Sums& sums) {
  Cluster cluster(random);
  cluster.run(static_cast<std::int64_t>(pick(random, 3000, 12'000)));
  ASSERT_EQ(cluster.world.violations, std::vector<std::string>()) << joined(cluster.world.violations);
  ASSERT_TRUE(cluster.heal(60'000)) << "a write was not taken though all was well again";
  for (const Client& client : cluster.clients) {
    expect_complete(cluster, client);
    sums.acknowledged += client.acknowledged;
  }
  EXPECT_EQ(cluster.world.violations, std::vector<std::string>()) << joined(cluster.world.violations);
  ++sums.runs;
  sums.faults += cluster.faults;
}

TEST(ClusterSimulation, acknowledged_writes_are_there_once_and_in_order_whatever_happens) {
  Sums sums;
  for_each_seed(6, [&sums](Random& random) { run_once(random, sums); });
  std::cout << sums.runs << " runs, " << sums.faults << " faults, " << sums.acknowledged << " writes acknowledged\n";
  EXPECT_GT(sums.acknowledged, 0U);
}

/// The simulation is worth something: without the check of the epoch in the log it finds two owners that both write.
TEST(ClusterSimulation, finds_a_log_that_does_not_check_the_epoch) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 2000 && !found; ++seed) {
    Random random(seed);
    Cluster cluster(random);
    cluster.world.checks_epochs = false;
    cluster.run(12'000);
    found = !cluster.world.violations.empty();
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace concord::shard
