#include "doctor/redis_check.h"

#include "doctor/findings_testing.h"
#include "redis/redis_server_testing.h"

namespace concord::doctor {
namespace {

using redis::testing::RedisCluster;
using testing::complaints;
using testing::level_of;
using Words = std::vector<std::string>;

doctor::RedisServer primary(std::string address = "r1:6379") {
  return {.address = std::move(address),
          .version = "7.0.15",
          .policy = "noeviction",
          .max_memory_bytes = 1 << 30,
          .used_memory_bytes = 1 << 20,
          .replicas = 1,
          .ping_us = {200}};
}

std::vector<Finding> with(const std::function<void(doctor::RedisServer&)>& change) {
  RedisFacts facts{.servers = {primary()}};
  change(facts.servers[0]);
  return judge_redis(facts);
}

TEST(RedisJudge, a_server_that_evicts_nothing_is_well) {
  EXPECT_EQ(complaints(with([](auto&) {})), Words());
}

TEST(RedisJudge, policies_memory_versions_and_times_have_bounds) {
  EXPECT_EQ(level_of(with([](auto& s) { s.policy = "allkeys-lru"; }), "maxmemory-policy"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.policy = "volatile-ttl"; }), "maxmemory-policy"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.max_memory_bytes = 0; }), "maxmemory"), Level::kOk);  // the policy's line
  EXPECT_EQ(complaints(with([](auto& s) { s.max_memory_bytes = 0; })), Words{"maxmemory"});
  EXPECT_EQ(complaints(with([](auto& s) { s.used_memory_bytes = 1000 << 20; })), Words{"maxmemory"});
  EXPECT_EQ(level_of(with([](auto& s) { s.version = "6.2.7"; }), "version"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.is_replica = true; }), "role"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.ping_us = {50'000}; }), "latency"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.unreachable = "refused"; }), "r1:6379"), Level::kError);
}

TEST(RedisJudge, beside_cached_documents_what_was_not_used_for_long_is_to_go) {
  const auto of_policy = [](const char* policy) {
    RedisFacts facts{.servers = {primary()}, .caches_documents = true};
    facts.servers[0].policy = policy;
    facts.servers[0].used_memory_bytes = facts.servers[0].max_memory_bytes;  // as a cache does
    return judge_redis(facts);
  };
  for (const char* good : {"volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu"})
    EXPECT_EQ(complaints(of_policy(good)), Words()) << good;
  EXPECT_EQ(level_of(of_policy("noeviction"), "maxmemory-policy"), Level::kWarn);
  for (const char* bad : {"volatile-ttl", "volatile-random", "allkeys-random"})
    EXPECT_EQ(level_of(of_policy(bad), "maxmemory-policy"), Level::kError) << bad;
}

TEST(RedisJudge, a_cluster_owns_all_its_slots_and_has_replicas) {
  RedisFacts facts{.servers = {primary("a:1"), primary("b:1"), primary("c:1")},
                   .is_cluster = true,
                   .cluster_state = "ok",
                   .slots_assigned = 16'384};
  EXPECT_EQ(complaints(judge_redis(facts)), Words());
  facts.servers[1].replicas = 0;
  EXPECT_EQ(complaints(judge_redis(facts)), Words{"replicas at b:1"});
  facts.slots_assigned = 16'000;
  EXPECT_EQ(level_of(judge_redis(facts), "cluster_state"), Level::kError);
  facts.slots_assigned = 16'384;
  facts.failed_nodes = 1;
  EXPECT_EQ(level_of(judge_redis(facts), "cluster_state"), Level::kWarn);
  facts.cluster_state = "fail";
  EXPECT_EQ(level_of(judge_redis(facts), "cluster_state"), Level::kError);
}

TEST(RedisJudge, info_and_nodes_are_read) {
  const std::string info = "# Memory\r\nused_memory:123\r\nmaxmemory:5\r\nmaxmemory_policy:noeviction\r\n";
  EXPECT_EQ(info_field(info, "maxmemory"), "5");
  EXPECT_EQ(info_field(info, "memory"), "");
  const ClusterNodes nodes = parse_cluster_nodes(
      "07c3 10.0.0.1:30004@31004,host-a slave e7d1 0 1426238317239 4 connected\n"
      "67ed 10.0.0.2:30002@31002 master,fail - 0 1426238316232 2 disconnected 5461-10922\n"
      "9999 :0@0 master,noaddr - 0 0 0 disconnected\nbroken\n");
  ASSERT_EQ(nodes.endpoints.size(), 2U);
  EXPECT_EQ(nodes.endpoints[0].str(), "10.0.0.1:30004");
  EXPECT_EQ(nodes.failed, 1U);
}

TEST(RedisProbe, a_servers_policy_is_seen) {
  redis::testing::RedisServer server({"--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"});
  const auto facts = probe_redis(redis::parse_redis_url(server.url()).value());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->servers.at(0).max_memory_bytes, 64 << 20);
  EXPECT_EQ(facts->servers[0].ping_us.size(), 5U);
  EXPECT_EQ(complaints(judge_redis(*facts)), Words{"maxmemory-policy"});
}

TEST(RedisProbe, of_a_cluster_all_nodes_are_found) {
  RedisCluster cluster;
  redis::RedisOptions options = cluster.options();
  options.endpoints.resize(1);
  const auto facts = probe_redis(options);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_TRUE(facts->is_cluster);
  EXPECT_EQ(facts->servers.size(), RedisCluster::kMasters);
  EXPECT_EQ(level_of(judge_redis(*facts), "cluster_state"), Level::kOk);
  EXPECT_EQ(level_of(judge_redis(*facts), "replicas"), Level::kWarn);
}

}  // namespace
}  // namespace concord::doctor
