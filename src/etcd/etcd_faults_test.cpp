// A cluster of three members that are killed, paused and started again, as the driver's users see it.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "base/waiting_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::eventually;
using engines::testing::code_of;
using testing::EtcdServer;
using testing::Node;
using testing::Ownership;
using testing::Told;

/// Renews until it succeeds; what failed before may only have been that etcd was away.
Result<Ownership> renew_through(Node& node, const Ownership& held) {
  Result<Ownership> renewed = held;
  eventually([&] {
    renewed = node.renew(held);
    return renewed || renewed.error().code != Code::kUnavailable;
  });
  return renewed;
}

TEST(EtcdFaults, an_ownership_outlives_the_leader_of_etcd) {
  EtcdServer cluster({.members = 3});
  Node node(cluster.endpoints());
  Node other(cluster.endpoints());
  const Ownership held = node.acquire("n", "one").value();
  cluster.process(cluster.leader()).stop(SIGKILL);
  const Result<Ownership> renewed = renew_through(node, held);
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->epoch, held.epoch);
  EXPECT_GT(renewed->expires_ns, held.expires_ns);
  EXPECT_GT(held.expires_ns, node.now_ns()) << "it was renewed in time";
  ASSERT_TRUE(eventually([&] { return code_of(other.acquire("n", "two")) == Code::kConflict; }));
  Result<Ownership> next = other.acquire("m", "two");
  ASSERT_TRUE(eventually([&] { return next || (next = other.acquire("m", "two")); }));
  EXPECT_GT(next->epoch, held.epoch);
}

TEST(EtcdFaults, calls_leave_a_member_that_has_stopped) {
  EtcdServer cluster({.members = 3});
  Node node(cluster.endpoints());
  Ownership held = node.acquire("n", "one").value();
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    cluster.process(i).pause();
    const Result<Ownership> renewed = renew_through(node, held);
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_GT(held.expires_ns, node.now_ns()) << "it was renewed in time";
    held = *renewed;
    cluster.process(i).resume();
    cluster.wait_until_serving(i);
  }
  EXPECT_GE(node.counter("concord_etcd_moves_total"), 1U) << "one of them was the one that it asks";
}

TEST(EtcdFaults, a_member_without_a_majority_is_left_for_one_that_has_one) {
  // Two clusters stand for the two sides of one that was parted: to who asks, a member of the lesser side looks the
  // same.
  EtcdServer one({.members = 3});
  EtcdServer two({.members = 3});
  Node node(one.endpoint(0) + "," + two.endpoint(0));
  const auto stop_majority = [](EtcdServer& cluster) {
    for (const std::size_t i : {1, 2}) cluster.process(i).stop(SIGKILL);
  };
  stop_majority(one);
  ASSERT_TRUE(eventually([&] { return node.acquire("n", "one").has_value(); }));
  for (const std::size_t i : {1, 2}) one.process(i).start();
  one.wait_until_serving(0);
  const std::uint64_t before = node.counter("concord_etcd_moves_total");
  stop_majority(two);
  ASSERT_TRUE(eventually([&] { return node.acquire("m", "one").has_value(); }));
  EXPECT_GT(node.counter("concord_etcd_moves_total"), before);
}

TEST(EtcdFaults, a_watch_leaves_a_member_that_has_stopped) {
  EtcdServer cluster({.members = 3});
  Node watching(EtcdOptions{.endpoints = cluster.endpoints(), .call_timeout_ms = 20'000, .probe_interval_ms = 100});
  Told told;
  const auto watch = watching.watch("n", told.callback()).value();
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    cluster.process(i).pause();
    const std::size_t one = (i + 1) % 3;
    const std::size_t two = (i + 2) % 3;
    Node writing(cluster.endpoint(one) + "," + cluster.endpoint(two));
    const std::string name = "n" + std::to_string(i);
    ASSERT_TRUE(eventually([&] { return writing.acquire(name, "one").has_value(); }));
    expected.push_back(name + "=one");
    EXPECT_TRUE(eventually([&] { return told.changes().size() >= expected.size(); }));
    cluster.process(i).resume();
    cluster.wait_until_serving(i);
  }
  // An acquisition whose answer was lost may have been made twice, by the same owner.
  std::vector<std::string> changes = told.changes();
  changes.erase(std::ranges::unique(changes).begin(), changes.end());
  EXPECT_EQ(changes, expected);
}

TEST(EtcdFaults, while_all_members_are_away_calls_fail_and_then_are_refused_at_once) {
  EtcdServer cluster({.members = 3});
  Node node(EtcdOptions{
      .endpoints = cluster.endpoints(), .call_timeout_ms = 1000, .attempt_timeout_ms = 200, .breaker_failures = 2});
  const auto refused = [&] {
    return node.counter("concord_etcd_calls_total", {{"call", "range"}, {"result", "refused"}});
  };
  const auto each = [&](auto work) {
    for (std::size_t i = 0; i < cluster.size(); ++i) work(cluster.process(i));
  };
  using Process = engines::testing::ServerProcess;
  const std::pair<void (*)(Process&), void (*)(Process&)> faults[] = {
      {[](Process& process) { process.pause(); }, [](Process& process) { process.resume(); }},
      {[](Process& process) { process.stop(SIGKILL); }, [](Process& process) { process.start(); }}};
  for (const auto& [begin, end] : faults) {
    ASSERT_TRUE(eventually([&] { return node.acquire("n", "one").has_value(); }));
    EXPECT_EQ(node.gauge("concord_etcd_breaker_open"), 0);
    const std::uint64_t before = refused();
    each(begin);
    EXPECT_EQ(code_of(node.acquire("n", "one")), Code::kUnavailable);
    EXPECT_EQ(refused(), before) << "it was tried";
    EXPECT_EQ(code_of(node.acquire("n", "one")), Code::kUnavailable);
    EXPECT_EQ(node.gauge("concord_etcd_breaker_open"), 1);
    EXPECT_TRUE(eventually([&] { return code_of(node.acquire("n", "one")) && refused() > before; }));
    each(end);
    EXPECT_TRUE(eventually([&] { return node.acquire("n", "one").has_value(); }));
    EXPECT_EQ(node.gauge("concord_etcd_breaker_open"), 0);
  }
}

TEST(EtcdFaults, what_a_dead_node_held_is_told_to_be_free_and_taken_at_a_greater_epoch) {
  EtcdServer cluster({.members = 3});
  Node dying(cluster.endpoints());
  Node living(cluster.endpoints());
  Told told;
  const auto watch = living.watch("", told.callback()).value();
  const Ownership held = dying.acquire("n", "one", 1000).value();
  dying.die();
  ASSERT_TRUE(told.are({"n=one", "n="}));
  EXPECT_LE(held.expires_ns, living.now_ns()) << "it is over by the owner's clock before it is by etcd's";
  const Ownership taken = living.acquire("n", "two").value();
  EXPECT_GT(taken.epoch, held.epoch);
}

}  // namespace
}  // namespace concord::etcd
