// Many nodes, whose real code keeps the shards, in a world of faults (simulation_testing.h): they stand still, die and
// come back, are cut off from the log, from the coordination, or both; their wall clocks jump; shards are split
// meanwhile. Whatever happens, an acknowledged write is there, once and in its order; epochs only grow; two owners
// never both commit; and once the faults end, every write is taken. One seed, one run.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <numeric>

#include "shard/simulated_node_testing.h"

namespace concord::shard {
namespace {

using concord::testing::for_each_seed;
using testing::Content;
using testing::kShardsHere;
using testing::Machine;
using testing::Node;
using testing::pick;
using testing::Random;
using testing::slot_in;
using testing::Snapshots;
using testing::World;

constexpr std::size_t kClients = 8;
constexpr std::uint32_t kMostHere = 14;

/// Writes 1, 2, 3, … to a stream of its own, each until it is acknowledged.
struct Client {
  std::string stream;
  std::uint64_t acknowledged = 0;
  std::uint64_t attempt = 0;  // an answer to an earlier one is not heard
  bool waits = false;
};

class Cluster {
 public:
  explicit Cluster(Random& random, bool forgets_to_snapshot = false)
      : world(random), random_(random), forgets_to_snapshot_(forgets_to_snapshot) {
    world.map = ShardMap(kShardsHere);
    for (std::size_t i = 0; i < kClients; ++i)
      clients.push_back({"client-" + std::to_string(i) + "/" + std::to_string(pick(random_, 0, kSlots - 1))});
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
    node.forgets_to_snapshot = forgets_to_snapshot_;
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
      if (one->serves(world.map.of(slot_in(client.stream))) && !world.chance(10)) node = one;
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
        node->write(client.stream, number, [this, node, answered](const Result<>& result) {
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
        world.after_ms(a_while, [&machine] {
          if (!machine.dead) machine.stands_still = false;  // who is dead stands still until the end, and not beyond
        });
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
    std::int64_t split_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 300, 2000));
    world.run_until(
        [&] {
          let_clients_write();
          if (world.now_ms() >= snapshot_at) {
            snapshot_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 50, 400));
            if (Node* node = any_living(); node != nullptr) {
              node->machine.spawn(node->snapshot(any_shard()));
            }
          }
          if (world.now_ms() >= split_at) {
            split_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 300, 2000));
            split_one();
          }
          if (world.now_ms() >= fault_at) {
            fault_at = world.now_ms() + static_cast<std::int64_t>(pick(random_, 200, 1500));
            one_fault();
          }
          return !world.violations.empty();
        },
        longest_ms);
  }

  ShardId any_shard() { return ShardId{static_cast<std::uint32_t>(pick(random_, 0, world.map.size() - 1))}; }
  /// Every node that believes it serves it is asked: so are two at once. Where a client writes, mostly.
  void split_one() {
    if (world.map.size() >= kMostHere) return;
    const Client& client = clients[pick(random_, 0, clients.size() - 1)];
    const ShardId shard = world.chance(4) ? any_shard() : world.map.of(slot_in(client.stream));
    const SlotRange slots = world.map.at(shard).slots;
    if (slots.size() < 2) return;
    const Slot from{static_cast<std::uint16_t>(pick(random_, slots.first + 1U, slots.last))};
    for (Node* node : living()) node->machine.spawn(node->split(shard, from));
  }
  ShardId shard_of(const Client& client) const { return world.map.of(slot_in(client.stream)); }

  /// Who has the shard: one that believes so, and is not, is served no write.
  const Node* owner(ShardId shard) const {
    const auto held = world.held.find(std::string(kOwnershipPrefix) + std::to_string(shard.value));
    const auto log = world.logs.find(shard.value);  // none of a new shard, before its first owner seals it
    if (held == world.held.end() || log == world.logs.end()) return nullptr;
    if (held->second.ownership.epoch != log->second.epoch) return nullptr;
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
          return std::ranges::all_of(clients, [this](const Client& c) {
            return c.acknowledged == c.attempt && owner(shard_of(c)) != nullptr;
          });
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
  const bool forgets_to_snapshot_;
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
std::vector<std::uint64_t> written_of(const Cluster& cluster, const Client& client) {
  const ShardId shard = cluster.shard_of(client);
  const auto& contents = cluster.owner(shard)->contents(shard);
  const auto found = contents.find(client.stream);
  return found == contents.end() ? std::vector<std::uint64_t>() : found->second.written;
}

void expect_complete(const Cluster& cluster, const Client& client) {
  const Node& owner = *cluster.owner(cluster.shard_of(client));
  std::vector<std::uint64_t> expected(client.acknowledged);
  std::iota(expected.begin(), expected.end(), 1);
  const auto there = written_of(cluster, client);
  const auto differ = std::ranges::mismatch(there, expected);
  EXPECT_EQ(there, expected) << client.stream << " on " << owner.name() << ", " << there.size() << " instead of "
                             << expected.size() << ", from place " << differ.in1 - there.begin() << " on";
}

struct Sums {
  std::uint64_t runs = 0, faults = 0, splits = 0, acknowledged = 0;
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
  sums.splits += cluster.world.map.size() - kShardsHere;
}

TEST(ClusterSimulation, acknowledged_writes_are_there_once_and_in_order_whatever_happens) {
  Sums sums;
  for_each_seed(6, [&sums](Random& random) { run_once(random, sums); });
  std::cout << sums.runs << " runs, " << sums.faults << " faults, " << sums.splits << " splits, " << sums.acknowledged
            << " writes acknowledged\n";
  EXPECT_GT(sums.acknowledged, 0U);
}

/// Nor would it miss a split that changes the map before the snapshots hold what the old log has.
TEST(ClusterSimulation, finds_a_split_that_does_not_wait_for_snapshots) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 200 && !found; ++seed) {
    Random random(seed);
    Cluster cluster(random, true);
    cluster.run(8'000);
    if (!cluster.heal(60'000)) continue;
    found = std::ranges::any_of(cluster.clients, [&cluster](const Client& client) {
      return written_of(cluster, client).size() != client.acknowledged;
    });
  }
  EXPECT_TRUE(found);
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
