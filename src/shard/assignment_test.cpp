#include "shard/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/property_testing.h"

namespace concord::shard {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_any_width;
using concord::testing::Random;

std::vector<Candidate> nodes_named(std::size_t count, const std::string& prefix = "node-") {
  std::vector<Candidate> nodes;
  nodes.reserve(count + 1);
  for (std::size_t i = 0; i < count; ++i) nodes.push_back({prefix + std::to_string(i), 1});
  return nodes;
}

/// The owners' names, shard by shard.
std::vector<std::string> owners(std::uint32_t shards, const std::vector<Candidate>& nodes) {
  std::vector<std::string> names;
  for (const std::size_t place : assign(shards, nodes))
    names.push_back(place == nodes.size() ? "nobody" : nodes[place].node);
  return names;
}

TEST(Assignment, without_anybody_who_may_own_there_are_no_owners) {
  EXPECT_EQ(owners(3, {}), std::vector<std::string>(3, "nobody"));
  EXPECT_EQ(owners(2, {{"resting", 0}}), std::vector<std::string>(2, "nobody"));
  EXPECT_EQ(owners(2, {{"resting", 0}, {"awake", 1}}), std::vector<std::string>(2, "awake"));
}

TEST(Assignment, every_node_sees_the_same_whatever_the_order) {
  for_each_seed(50, [](Random& random) {
    std::vector<Candidate> nodes = nodes_named(1 + pick(random, 0, 8));
    for (Candidate& node : nodes) node.weight = static_cast<std::uint32_t>(1 + pick(random, 0, 3));
    const auto before = owners(64, nodes);
    std::ranges::shuffle(nodes, random);
    EXPECT_EQ(owners(64, nodes), before);
  });
}

TEST(Assignment, nobody_gets_more_than_a_quarter_above_the_share_of_its_weight) {
  for_each_seed(50, [](Random& random) {
    std::vector<Candidate> nodes =
        nodes_named(1 + pick(random, 0, 8), "n" + std::to_string(pick_any_width(random, 20)) + "-");
    std::uint64_t weights = 0;
    for (Candidate& node : nodes) weights += node.weight = static_cast<std::uint32_t>(1 + pick(random, 0, 3));
    const auto shards = static_cast<std::uint32_t>(1 + pick(random, 0, 255));
    std::map<std::string, std::size_t> given;
    for (const std::string& name : owners(shards, nodes)) ++given[name];
    EXPECT_FALSE(given.contains("nobody"));
    for (const Candidate& node : nodes) {
      const double share = static_cast<double>(shards) * node.weight / static_cast<double>(weights);
      EXPECT_LE(static_cast<double>(given[node.node]), share * 1.25 + 1) << node.node;
    }
  });
}

/// Of what moves, most goes to the newcomer; a bound that is reached elsewhere may move a little more.
TEST(Assignment, one_more_of_n_nodes_moves_about_one_nth) {
  for (const std::size_t count : {1U, 2U, 3U, 5U, 9U}) {
    double moved = 0;
    double moved_elsewhere = 0;
    constexpr std::uint32_t kShards = 64;
    constexpr int kRuns = 200;
    for (int run = 0; run < kRuns; ++run) {
      std::vector<Candidate> nodes = nodes_named(count, "run" + std::to_string(run) + "-");
      const auto before = owners(kShards, nodes);
      const std::string newcomer = "newcomer-" + std::to_string(run);
      nodes.push_back({newcomer, 1});
      const auto after = owners(kShards, nodes);
      for (std::uint32_t shard = 0; shard < kShards; ++shard) {
        if (before[shard] == after[shard]) continue;
        ++moved;
        if (after[shard] != newcomer) ++moved_elsewhere;
      }
    }
    const double expected = 1.0 / static_cast<double>(count + 1);
    EXPECT_NEAR(moved / (kRuns * kShards), expected, 0.3 * expected) << count;
    EXPECT_LT(moved_elsewhere / (kRuns * kShards), 0.25 * expected) << count;
  }
}

TEST(Assignment, of_a_node_that_has_gone_the_others_keep_what_they_had) {
  double moved_needlessly = 0;
  constexpr std::uint32_t kShards = 64;
  for (int run = 0; run < 200; ++run) {
    std::vector<Candidate> nodes = nodes_named(4, "run" + std::to_string(run) + "-");
    const auto before = owners(kShards, nodes);
    const std::string gone = nodes.back().node;
    nodes.pop_back();
    const auto after = owners(kShards, nodes);
    for (std::uint32_t shard = 0; shard < kShards; ++shard)
      moved_needlessly += before[shard] != gone && before[shard] != after[shard];
  }
  EXPECT_LT(moved_needlessly / (200 * kShards), 0.03);
}

TEST(Assignment, who_weighs_more_gets_more) {
  std::vector<Candidate> nodes = nodes_named(3);
  nodes[0].weight = 3;
  std::map<std::string, std::size_t> given;
  for (const std::string& name : owners(1000, nodes)) ++given[name];
  EXPECT_NEAR(static_cast<double>(given["node-0"]), 600, 60);
}

}  // namespace
}  // namespace concord::shard
