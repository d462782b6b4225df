#include "relay/moves.h"

#include <gtest/gtest.h>

#include "base/waiting_testing.h"
#include "relay/relay_testing.h"

namespace concord::relay {
namespace {

using link::testing::Recorder;
using testing::Map;
using testing::Node;

constexpr engines::ShardId kShard{3};

/// Streams of the kind "record", from ann to two others that say nothing.
class RelayMoves : public ::testing::Test {
 protected:
  RelayMoves() {
    for (Node* node : {&ann_, &ben_, &cem_}) EXPECT_TRUE(node->start());
    map_.add("ann", ann_.peer());
    map_.add("ben", ben_.peer());
    map_.add("cem", cem_.peer());
  }
  ~RelayMoves() override { concord::testing::run_on(ann_.reactor(), moves_.stop()); }

  void start() {
    ann_.on(0, [this] {
      moves_.start();
      return 0;
    });
  }
  std::shared_ptr<Recorder> open(Node& to, std::uint32_t lane) {
    auto recorder = std::make_shared<Recorder>();
    const std::size_t before = to.accepted_count();
    ann_.open(to.peer(), recorder, lane, "", 1);
    EXPECT_TRUE(concord::testing::eventually([&] { return to.accepted_count() > before; }));
    return recorder;
  }
  /// A look that began after this call has ended.
  void look_twice() {
    const auto looks = looks_.load();
    ASSERT_TRUE(concord::testing::eventually([&] { return looks_ >= looks + 2; }));
  }
  Places counted(const Places& places) {
    return {.is_here =
                [this, inner = places.is_here](engines::ShardId shard) {
                  if (shard.value == 0) ++looks_;
                  return inner(shard);
                },
            .elsewhere = places.elsewhere};
  }

  link::testing::CertificateDirectory certificates_;
  Map map_;
  std::atomic<int> looks_ = 0;
  SystemClock clock_;
  Node ann_{certificates_.issue("ann"), "ann"};
  Node ben_{certificates_.issue("ben"), "ben"};
  Node cem_{certificates_.issue("cem"), "cem"};
  Moves moves_{{.shards = 4, .look_ms = 2, .grace_ms = 10},
               {"ann"},
               ann_.links(),
               counted(map_.seen_by("ann")),
               ann_.reactor(),
               clock_,
               ann_.metrics};
};

TEST_F(RelayMoves, what_is_on_its_way_to_the_node_before_ends_when_another_serves_the_shard) {
  map_.serve(kShard, "ben");
  start();
  const auto request = open(ben_, kShard.value);
  const auto other = open(ben_, 2);
  look_twice();
  map_.serve(kShard, "cem");
  const auto after = open(cem_, kShard.value);
  EXPECT_TRUE(request->ends_with(link::kBroken));
  look_twice();
  EXPECT_EQ(other->ends(), 0);
  EXPECT_EQ(after->ends(), 0);
  EXPECT_EQ(ann_.metric("concord_relay_moves_total"), 1);
}

TEST_F(RelayMoves, it_ends_too_when_this_node_serves_the_shard_itself) {
  map_.serve(kShard, "ben");
  start();
  const auto request = open(ben_, kShard.value);
  look_twice();
  map_.serve(kShard, "ann");
  EXPECT_TRUE(request->ends_with(link::kBroken));
}

TEST_F(RelayMoves, it_goes_on_while_nobody_else_serves_the_shard) {
  map_.serve(kShard, "ben");
  start();
  const auto request = open(ben_, kShard.value);
  look_twice();
  map_.unserve(kShard);
  look_twice();
  map_.serve(kShard, "ben");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));  // past the grace
  look_twice();
  EXPECT_EQ(request->ends(), 0);
  EXPECT_EQ(ann_.metric("concord_relay_moves_total"), 0);
}

}  // namespace
}  // namespace concord::relay
