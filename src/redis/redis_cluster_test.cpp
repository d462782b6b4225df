// A Cluster that changes under a bus: slots that move, a master that dies.

#include <gtest/gtest.h>

#include "redis/key_slot.h"
#include "redis/redis_bus_testing.h"

namespace concord::redis {
namespace {

using engines::testing::code_of;
using testing::BusOnRedis;
using testing::Listener;
using testing::RedisCluster;
using testing::wait_until;

/// A channel, and the slot it is in, of the first master's.
struct Placed {
  std::string channel;
  std::uint16_t slot = 0;
};
Placed channel_of_the_first_master() {
  for (int i = 0;; ++i) {
    const std::string channel = "c" + std::to_string(i);
    const std::uint16_t slot = key_slot("concord/channel/" + channel);
    if (RedisCluster::first_owner(slot) == 0) return {channel, slot};
  }
}

TEST(RedisCluster, one_node_is_enough_to_find_the_others) {
  RedisCluster servers;
  RedisOptions options = servers.options();
  options.endpoints = {servers.node(1).endpoint()};
  options.cluster = std::nullopt;
  BusOnRedis bus(options);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(bus.set("a/" + std::to_string(i) + "/k", "v"));
  for (std::size_t i = 0; i < RedisCluster::kMasters; ++i) EXPECT_GT(servers.node(i).ask({"DBSIZE"}).integer, 0);
  EXPECT_EQ(bus.run(bus.bus().list("a/", 1000))->size(), 50U);
}

/// Calls from many sides while slots move; what fails is counted.
class Traffic {
 public:
  explicit Traffic(BusOnRedis& bus) : bus_(bus) {
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this, i] { run(i); });
  }
  ~Traffic() { stop(); }
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  void stop() {
    is_over_ = true;
    for (std::thread& each : threads_) {
      if (each.joinable()) each.join();
    }
  }
  int rounds() const { return rounds_; }
  std::vector<std::string> failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  static constexpr int kThreads = 3;

  void run(int thread) {
    for (int i = 0; !is_over_; ++i) {
      const std::string key = "doc/" + std::to_string(i % 40) + "/" + std::to_string(thread);
      const std::string value = std::to_string(i);
      note(bus_.set(key, value));
      const auto read = bus_.get(key);
      note(read);
      if (read && (!*read || as_text(**read) != value)) note(Result<>(fail(Code::kInternal, "not what was set")));
      note(bus_.publish("news", value));
      rounds_.fetch_add(1);
    }
  }
  template <class T>
  void note(const Result<T>& result) {
    if (result) return;
    const std::lock_guard lock(mutex_);
    failures_.push_back(result.error().message);
  }

  BusOnRedis& bus_;
  std::atomic<bool> is_over_ = false;
  std::atomic<int> rounds_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

TEST(RedisCluster, slots_move_under_traffic_and_no_call_fails) {
  RedisCluster servers;
  RedisOptions options = servers.options();
  options.call_timeout_ms = 30'000;
  BusOnRedis bus(options);
  ASSERT_TRUE(bus.set("k", "v"));
  std::set<std::uint16_t> slots = {key_slot("concord/channel/news")};
  for (int bucket = 0; bucket < 128; ++bucket) slots.insert(key_slot("{concord/" + std::to_string(bucket) + "}"));
  Traffic traffic(bus);
  int moved = 0;
  for (const std::uint16_t slot : slots) {
    const std::size_t from = RedisCluster::first_owner(slot);
    const int before = traffic.rounds();
    servers.move_slot(slot, from, (from + 1) % RedisCluster::kMasters, [&] {
      if (moved < 3) wait_until("calls meanwhile", [&] { return traffic.rounds() > before + 20; });
    });
    if (++moved == 30) break;
  }
  const int after = traffic.rounds();
  wait_until("calls afterwards", [&] { return traffic.rounds() > after + 100; });
  traffic.stop();
  EXPECT_EQ(traffic.failures(), std::vector<std::string>());
  EXPECT_GT(bus.metric("concord_redis_redirections_total"), 0);
}

TEST(RedisCluster, a_subscription_follows_its_slot) {
  RedisCluster servers;
  BusOnRedis bus(servers.options());
  const auto [channel, slot] = channel_of_the_first_master();
  const Listener listener(bus, channel);
  ASSERT_TRUE(bus.publish(channel, "one"));
  wait_until("the first message", [&] { return listener.has("one"); });
  servers.move_slot(slot, 0, 1);
  wait_until_heard(bus, channel, listener);
  EXPECT_EQ(servers.node(1).ask({"PUBSUB", "SHARDNUMSUB", "concord/channel/" + channel}).items.at(1).integer, 1);
  EXPECT_GE(bus.metric("concord_redis_resubscriptions_total"), 1);
  ASSERT_TRUE(bus.publish(channel, "two"));
  wait_until("the next message", [&] { return listener.has("two"); });
  const auto got = listener.messages();
  EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), got.size()) << "none came twice";
}

TEST(RedisCluster, a_replica_takes_over_from_a_master_that_dies) {
  RedisCluster servers(1, 2'000);
  RedisOptions options = servers.options();
  options.endpoints = {servers.node(1).endpoint(), servers.node(2).endpoint()};
  BusOnRedis bus(options);
  const auto [channel, slot] = channel_of_the_first_master();
  const Listener listener(bus, channel);
  wait_until_heard(bus, channel, listener);
  ASSERT_TRUE(bus.set("k", "v"));
  servers.node(0).process().stop(SIGKILL);
  wait_until_heard(bus, channel, listener);
  for (int i = 0; i < 20; ++i) {
    wait_until("calls work", [&] { return bus.set("doc/" + std::to_string(i) + "/k", "v").has_value(); });
  }
  EXPECT_EQ(servers.node(3).info({"INFO"}, "role"), "master");
}

TEST(RedisCluster, what_is_not_of_a_cluster_is_not_taken_for_one) {
  testing::RedisServer server;
  BusOnRedis bus(parse_redis_url(server.url() + "?cluster=true").value());
  const auto refused = bus.set("k", "v");
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("not of a Cluster"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace concord::redis
