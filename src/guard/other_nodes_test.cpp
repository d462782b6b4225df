// The guards of two nodes on one bus: in this process, and on Redis.

#include "guard/other_nodes.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/local_bus.h"
#include "guard/request_limits.h"
#include "guard/sign_in_delays.h"
#include "guard/watch.h"
#include "redis/redis_bus.h"
#include "redis/redis_server_testing.h"

namespace concord::guard {
namespace {

using concord::testing::eventually;

Options options() {
  Options options;
  options.failures_per_10_minutes = 6;
  options.misses_per_10_minutes = 10;
  options.reads_per_hour = 10;
  return options;
}

class Node {
 public:
  explicit Node(engines::Bus& bus, bool starts = true) : others(bus, reactors_.at(), ids_, metrics_) {
    watch.share(others.relay());
    delays.share(others.relay());
    limiter.share(others.buckets(), "test");
    others.relay().on_joined([this] { joined = true; });
    if (starts) start();
  }
  ~Node() { close(); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void start() {
    concord::testing::call_on(reactors_.at(), [this] {
      others.relay().start();
      return 0;
    });
    EXPECT_TRUE(eventually([this] { return joined.load(); }));
  }
  void close() { concord::testing::run_on(reactors_.at(), others.close()); }
  std::uint64_t counter(const std::string& name, Metrics::Labels labels = {}) {
    return metrics_.counter(name, "", std::move(labels)).value();
  }
  std::vector<Threat> threats() {
    const std::lock_guard lock(mutex_);
    return threats_;
  }
  std::vector<Lock> heard_locks() {
    const std::lock_guard lock(mutex_);
    return heard_locks_;
  }

 private:
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_;
  std::mutex mutex_;
  std::vector<Threat> threats_;    // guarded by mutex_
  std::vector<Lock> heard_locks_;  // guarded by mutex_

 public:
  std::atomic<bool> joined = false;
  Watch watch{options(),
              {clock_, ids_, metrics_, [](const net::Route&) { return false; },
               [this](const Threat& threat) {
                 const std::lock_guard lock(mutex_);
                 threats_.push_back(threat);
               },
               [this](const Lock& lock) {
                 const std::lock_guard guard(mutex_);
                 heard_locks_.push_back(lock);
               }}};
  SignInDelays delays{clock_, 900, 1000};
  RateLimiter limiter{clock_, 1, 1000};
  OtherNodes others;
};

redis::testing::RedisServer& redis_server() {
  static redis::testing::RedisServer server;
  return server;
}

class OtherNodesTest : public ::testing::TestWithParam<bool> {
 protected:
  OtherNodesTest() {
    if (!GetParam()) {
      bus_ = std::make_unique<engines::LocalBus>(engines::LocalBusOptions{}, clock_, metrics_);
      return;
    }
    redis_server().ask({"FLUSHALL"});
    bus_ = redis::open_redis_bus(redis::parse_redis_url(redis_server().url()).value(), clock_, ids_, Logger(), metrics_)
               .value();
  }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::unique_ptr<engines::Bus> bus_;
};

constexpr std::int64_t kBurst = 200;
const Key kCaller = text_key_of('k', "caller");

/// Asks for the one that is nearly never refilled: how many were allowed of so many.
std::int64_t ask(Node& node, int count) {
  std::int64_t allowed = 0;
  for (int i = 0; i < count; ++i) allowed += node.limiter.take(kCaller, 1, kBurst).allowed ? 1 : 0;
  return allowed;
}

TEST_P(OtherNodesTest, a_rate_is_that_of_all_nodes_together) {
  Node a(*bus_);
  Node b(*bus_);
  const Metrics::Labels told{{"outcome", "told"}};
  // As somebody who asks now and then: each batch is told before the next request.
  std::int64_t allowed = 0;
  for (int i = 0; i < 60; ++i) {
    Node& node = i % 2 == 0 ? a : b;
    const std::uint64_t before = node.counter("concord_guard_bucket_tellings_total", told);
    const std::int64_t now = ask(node, 10);
    allowed += now;
    if (now == 10) {
      ASSERT_TRUE(eventually([&] { return node.counter("concord_guard_bucket_tellings_total", told) > before; }));
    }
  }
  EXPECT_GE(allowed, kBurst);
  EXPECT_LE(allowed, kBurst + 2 * kBurst / 20 + 1);  // a batch of each node, and one that was filled meanwhile
}

TEST_P(OtherNodesTest, while_the_bus_is_away_a_nodes_own_bucket_decides) {
  Node a(*bus_);
  a.close();
  EXPECT_EQ(ask(a, 1000), kBurst);
  EXPECT_GT(a.counter("concord_guard_bucket_tellings_total", {{"outcome", "failed"}}), 0U);
}

TEST_P(OtherNodesTest, failures_to_sign_in_count_whichever_node_they_are_made_at) {
  Node a(*bus_);
  Node b(*bus_);
  for (int i = 0; i < 3; ++i) {
    a.delays.failed("account", "192.0.2.1");
    b.delays.failed("account", "192.0.2.1");
  }
  EXPECT_TRUE(eventually([&] { return a.delays.begin("account", "192.0.2.1").has_value(); }));
  EXPECT_TRUE(eventually([&] { return b.delays.begin("account", "192.0.2.1").has_value(); }));
  a.delays.succeeded("account", "192.0.2.1");
  EXPECT_TRUE(eventually([&] { return b.delays.is_familiar("account", "192.0.2.1"); }));
  EXPECT_FALSE(b.delays.begin("account", "192.0.2.1").has_value());
}

TEST_P(OtherNodesTest, a_threat_that_no_node_alone_has_seen_is_seen_and_locks_everywhere) {
  Node a(*bus_);
  Node b(*bus_);
  for (int i = 0; i < 6; ++i) {
    Node& node = i % 2 == 0 ? a : b;
    Node& other = i % 2 == 0 ? b : a;
    const std::uint64_t before = other.counter("concord_guard_relay_heard_total");
    node.watch.sign_in_failed("account", "usr", "192.0.2." + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return other.counter("concord_guard_relay_heard_total") > before; }));
  }
  EXPECT_TRUE(eventually([&] { return a.watch.locked_account_s("account") && b.watch.locked_account_s("account"); }));
  EXPECT_EQ(a.threats().size() + b.threats().size(), 1U) << "it is to be told once";
}

TEST_P(OtherNodesTest, a_lock_is_seen_by_nodes_that_come_later_and_ended_by_any) {
  Node a(*bus_);
  for (int i = 0; i < 6; ++i) a.watch.sign_in_failed("account", "usr", "192.0.2." + std::to_string(i));
  ASSERT_EQ(a.watch.locks().size(), 1U);
  Node b(*bus_);
  ASSERT_TRUE(eventually([&] { return b.watch.locked_account_s("account").has_value(); }));
  EXPECT_EQ(b.heard_locks().size(), 1U);
  EXPECT_EQ(b.watch.locks()[0].id, a.watch.locks()[0].id);
  EXPECT_TRUE(b.watch.unlock(b.watch.locks()[0].id));
  EXPECT_TRUE(eventually([&] { return !a.watch.locked_account_s("account"); }));
}

TEST_P(OtherNodesTest, lines_that_are_none_are_passed_over) {
  Node a(*bus_);
  Node b(*bus_);
  for (const Relay::Fields& fields : std::vector<Relay::Fields>{{}, {"x"}, {"1", "2", "3", "4", "5", "6", "7"}}) {
    for (const char kind : {'c', 'f', 'l', 'u', 'd', '?'}) a.others.relay().tell(kind, fields);
  }
  a.others.relay().tell('d', {"f", "no key", "no key", "no key"});
  a.others.relay().tell('f', {std::string(2000, 'x'), "a\tb"});
  a.watch.sign_in_failed("account", "usr", "192.0.2.1");
  ASSERT_TRUE(eventually([&] { return b.counter("concord_guard_relay_heard_total") >= 17; }));
  EXPECT_TRUE(b.watch.locks().empty());
  EXPECT_TRUE(b.threats().empty());
  EXPECT_EQ(a.counter("concord_guard_relay_lost_total"), 1U);
}

INSTANTIATE_TEST_SUITE_P(Bus, OtherNodesTest, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Redis" : "Local"; });

}  // namespace
}  // namespace concord::guard
