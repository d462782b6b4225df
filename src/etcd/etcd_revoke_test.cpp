// Who watches a process is told which leases it has, and can end them when it has died.

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <set>

#include "engines/lease_witness_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"
#include "etcd/revoke.h"

namespace concord::etcd {
namespace {

using engines::LeaseId;
using engines::testing::code_of;
using engines::testing::WitnessedLeases;
using testing::Node;

constexpr std::int64_t kLongMs = 600'000;

class EtcdRevoke : public ::testing::Test {
 protected:
  static testing::EtcdServer& server() {
    static testing::EtcdServer one({.heartbeat_ms = 10, .election_ms = 100});
    return one;
  }
  EtcdOptions options(engines::LeaseWitness* witness = nullptr) const {
    return {.endpoints = server().endpoints(),
            .prefix = std::string("/") + ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/",
            .call_timeout_ms = 20'000,
            .witness = witness};
  }
  Result<> revoke(EtcdOptions with, std::vector<LeaseId> leases) {
    return revoke_leases(std::move(with), std::move(leases), context_.clock, context_.ids, Logger(), context_.metrics);
  }

  engines::testing::DriverContext context_;
};

TEST_F(EtcdRevoke, what_a_dead_process_held_is_free_at_once) {
  WitnessedLeases leases;
  auto dead = std::make_unique<Node>(options(&leases));
  Node other(options());
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) names.insert("shard/" + std::to_string(i));
  for (const std::string& name : names) ASSERT_TRUE(dead->acquire(name, "dead", kLongMs));
  EXPECT_EQ(leases.held().size(), names.size());
  EXPECT_EQ(code_of(other.acquire("shard/7", "other", kLongMs)), Code::kConflict);

  dead->die();
  ASSERT_TRUE(revoke(options(), leases.held()));
  for (const std::string& name : names) EXPECT_TRUE(other.acquire(name, "other", kLongMs)) << name;
}

TEST_F(EtcdRevoke, what_a_newer_process_of_the_same_name_has_taken_stays_its_own) {
  WitnessedLeases leases;
  Node dead(options(&leases));
  ASSERT_TRUE(dead.acquire("shard/1", "node", kLongMs));
  ASSERT_TRUE(dead.acquire("shard/2", "node", kLongMs));
  Node newer(options());
  const auto taken = newer.acquire("shard/1", "node", kLongMs);
  ASSERT_TRUE(taken);

  ASSERT_TRUE(revoke(options(), leases.held()));
  EXPECT_TRUE(newer.renew(*taken, kLongMs));
  EXPECT_TRUE(newer.acquire("shard/2", "another", kLongMs));
}

TEST_F(EtcdRevoke, what_was_released_or_exchanged_is_told_to_have_ended) {
  WitnessedLeases leases;
  Node node(options(&leases));
  const auto held = node.acquire("shard/1", "node", kLongMs);
  ASSERT_TRUE(held);
  const auto first = leases.held();
  ASSERT_TRUE(node.renew(*held, 2 * kLongMs));  // by another lease
  EXPECT_EQ(leases.held().size(), 1U);
  EXPECT_NE(leases.held(), first);
  EXPECT_EQ(code_of(Node(options(&leases)).acquire("shard/1", "other", kLongMs)), Code::kConflict);
  EXPECT_EQ(leases.held().size(), 1U) << "who was refused holds no lease";
  ASSERT_TRUE(node.release(*held));
  EXPECT_EQ(leases.held(), std::vector<LeaseId>());
}

TEST_F(EtcdRevoke, a_lease_that_never_was_is_no_failure) {
  EXPECT_TRUE(revoke(options(), {LeaseId{4711}, LeaseId{4712}}));
  EXPECT_TRUE(revoke(options(), {}));
}

TEST_F(EtcdRevoke, where_etcd_is_away_it_is_said_how_many_are_left) {
  EtcdOptions away = options();
  away.endpoints = "http://127.0.0.1:1";
  away.call_timeout_ms = 300;
  away.attempt_timeout_ms = 100;
  const auto revoked = revoke(away, {LeaseId{1}, LeaseId{2}});
  EXPECT_EQ(code_of(revoked), Code::kUnavailable);
  EXPECT_EQ(revoked.error().context.front().second, "2");
}

}  // namespace
}  // namespace concord::etcd
