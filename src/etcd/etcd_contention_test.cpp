// Two nodes that fight for a name while members of etcd stop and die never both own it, each by its own clock, and
// never at the same epoch.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>

#include "base/property_testing.h"
#include "base/waiting_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::eventually;
using concord::testing::pick;
using concord::testing::Random;
using testing::EtcdServer;
using testing::Node;
using testing::Ownership;

constexpr std::int64_t kTtlMs = 1000;

void pause_ms(std::uint64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

/// From when to when a node believed that it owned the name.
struct Belief {
  std::string owner;
  std::uint64_t epoch = 0;
  std::int64_t from_ns = 0;
  std::int64_t until_ns = 0;
};

class Fighter {
 public:
  Fighter(const std::string& endpoints, std::string owner, std::uint64_t seed)
      : node_(endpoints), owner_(std::move(owner)), random_(seed) {}

  void fight_until(const std::atomic<bool>& over) {
    while (!over) {
      const std::int64_t asked_ns = node_.now_ns();
      const Result<Ownership> held = node_.acquire("contended", owner_, kTtlMs);
      if (held) {
        // What it had before it has no more: whoever acquires again knows that.
        if (!beliefs_.empty()) beliefs_.back().until_ns = std::min(beliefs_.back().until_ns, asked_ns);
        own(*held);
      } else if (held.error().code != Code::kConflict && held.error().code != Code::kUnavailable) {
        ADD_FAILURE() << held.error().message;
      }
      pause_ms(pick(random_, 1, 40));
    }
  }
  std::size_t times() const { return times_; }
  const std::vector<Belief>& beliefs() const { return beliefs_; }

 private:
  void own(Ownership held) {
    Belief belief{owner_, held.epoch.value, node_.now_ns(), held.expires_ns};
    const std::uint64_t renewals = pick(random_, 0, 4);
    for (std::uint64_t i = 0; i < renewals; ++i) {
      pause_ms(pick(random_, 0, 300));
      const Result<Ownership> renewed = node_.renew(held, kTtlMs);
      if (!renewed) break;
      belief.until_ns = renewed->expires_ns;
    }
    if (pick(random_, 0, 2) == 0) {
      pause_ms(pick(random_, 0, 2 * kTtlMs));  // the node stands still, perhaps for longer than its lease
    } else {
      belief.until_ns = std::min(belief.until_ns, node_.now_ns());
      const Result<> released = node_.release(held);
      EXPECT_TRUE(released || released.error().code == Code::kUnavailable);
    }
    beliefs_.push_back(belief);
    ++times_;
  }

  Node node_;
  std::string owner_;
  Random random_;
  std::atomic<std::size_t> times_ = 0;
  std::vector<Belief> beliefs_;
};

void disturb(EtcdServer& cluster, Random& random) {
  const std::size_t victim = pick(random, 0, cluster.size() - 1);
  pause_ms(pick(random, 0, 300));
  if (pick(random, 0, 3) == 0) {
    cluster.process(victim).stop(SIGKILL);
    pause_ms(pick(random, 0, 500));
    cluster.process(victim).start();
    cluster.wait_until_serving(victim);
  } else {
    cluster.process(victim).pause();
    pause_ms(pick(random, 50, 1500));
    cluster.process(victim).resume();
  }
}

void expect_one_owner_at_a_time(const std::vector<const Fighter*>& fighters) {
  std::map<std::uint64_t, Belief> by_epoch;
  for (const Fighter* fighter : fighters) {
    for (const Belief& belief : fighter->beliefs()) {
      const bool is_new = by_epoch.emplace(belief.epoch, belief).second;
      EXPECT_TRUE(is_new) << "epoch " << belief.epoch << " came twice";
    }
  }
  for (auto one = by_epoch.begin(); one != by_epoch.end(); ++one) {
    for (auto later = std::next(one); later != by_epoch.end(); ++later) {
      if (one->second.owner == later->second.owner || later->second.from_ns >= later->second.until_ns) continue;
      EXPECT_LE(one->second.until_ns, later->second.from_ns)
          << one->second.owner << " at epoch " << one->first << " and " << later->second.owner << " at epoch "
          << later->first << " overlap by " << one->second.until_ns - later->second.from_ns << " ns";
    }
  }
}

TEST(EtcdContention, two_nodes_never_own_a_name_at_the_same_time) {
  EtcdServer cluster({.members = 3});
  concord::testing::for_each_seed(3, [&](Random& random) {
    Fighter one(cluster.endpoints(), "one", random());
    Fighter two(cluster.endpoints(), "two", random());
    std::atomic<bool> over = false;
    std::thread first([&] { one.fight_until(over); });
    std::thread second([&] { two.fight_until(over); });
    for (int i = 0; i < 4; ++i) disturb(cluster, random);
    EXPECT_TRUE(eventually([&] { return one.times() > 1 && two.times() > 1; })) << "both had it";
    over = true;
    first.join();
    second.join();
    expect_one_owner_at_a_time({&one, &two});
  });
}

}  // namespace
}  // namespace concord::etcd
