#include "shard/shard.h"

#include <gtest/gtest.h>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/embedded_testing.h"

namespace concord::shard {
namespace {

using concord::testing::eventually;

class Recording final : public StateMachine {
 public:
  std::optional<Slot> slot_of(const std::string&) const override { return std::nullopt; }
  void ranges_changed() override {}
  void replay(LogEntry entry) override { seen.push_back(std::string(as_text(*entry.record.payload))); }
  Task<> found(LogEntry entry) override {
    replay(std::move(entry));
    co_return Result<>{};
  }
  std::vector<std::string> seen;
};

LogRecord record(std::string stream, std::string_view payload, std::string client = {}, std::uint64_t sequence = 0) {
  LogRecord out;
  out.kind = 1;
  out.client = std::move(client);
  out.sequence = sequence;
  out.stream = std::move(stream);
  out.payload = std::make_shared<const Bytes>(to_bytes(payload));
  return out;
}

class ShardTest : public testing::EngineTest {
 protected:
  ShardTest() {
    EXPECT_TRUE(run(engines_.tables->migrate(shard_map_migrations())));
    start_maps();
  }
  void start_maps() {
    maps_ = std::make_unique<TableShardMaps>(*engines_.tables);
    slots_ = std::make_unique<SlotTable>(*maps_);
  }
  std::unique_ptr<Shard> make_shard(ShardLimits limits = {}) {
    return std::make_unique<Shard>(ShardId{1}, "node", reactor(), *engines_.log, *engines_.coordination, *slots_,
                                   limits, clock_, metrics_of_shards_, Logger());
  }
  /// Appends each payload to `stream` and waits until all have been answered.
  std::vector<Result<Position>> append_all(Shard& shard, std::string stream, std::vector<std::string> payloads) {
    std::vector<Result<Position>> answers;
    std::promise<void> done;
    reactor().post([&] {
      for (const std::string& payload : payloads) {
        shard.append(record(stream, payload), [&](Result<Shard::Appended> appended) {
          answers.push_back(appended ? Result<Position>(appended->position) : fail(appended.error()));
        });
      }
      shard.barrier([&] { done.set_value(); });
    });
    done.get_future().get();
    return answers;
  }
  void drain(Shard& shard) { testing::run_on(reactor(), shard.drain()); }

  ShardMetrics metrics_of_shards_{metrics_};
  std::unique_ptr<TableShardMaps> maps_;
  std::unique_ptr<SlotTable> slots_;
};

TEST_F(ShardTest, appends_are_answered_in_order_with_consecutive_positions) {
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  const auto answers = append_all(*shard, "s", {"a", "b", "c"});
  ASSERT_EQ(answers.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answers[i]->value, i + 1);
  drain(*shard);
}

TEST_F(ShardTest, what_was_acknowledged_is_replayed_in_order_by_the_next_owner) {
  {
    auto shard = make_shard();
    Recording machine;
    ASSERT_TRUE(run(shard->start(machine)));
    append_all(*shard, "s", {"a", "b"});
    append_all(*shard, "t", {"c"});
    drain(*shard);
  }
  reopen();
  start_maps();
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  EXPECT_EQ(machine.seen, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(append_all(*shard, "s", {"d"}).front()->value, 4U);
  drain(*shard);
}

TEST_F(ShardTest, only_what_no_snapshot_holds_must_be_kept) {
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  append_all(*shard, "s", {"a", "b"});
  append_all(*shard, "t", {"c"});
  append_all(*shard, "s", {"d"});
  testing::call_on(reactor(), [&] {
    shard->snapshotted("s", Position{4});
    return 0;
  });
  drain(*shard);
  reopen();
  start_maps();
  auto next = make_shard();
  Recording after;
  ASSERT_TRUE(run(next->start(after)));
  // The log may keep more than it must; from "t"'s record on it must keep everything.
  ASSERT_GE(after.seen.size(), 2U);
  EXPECT_EQ(after.seen[after.seen.size() - 2], "c");
  EXPECT_EQ(after.seen.back(), "d");
  EXPECT_GE(run(engines_.log->bounds(ShardId{1}))->first.value, 3U);
  drain(*next);
}

TEST_F(ShardTest, a_barrier_waits_for_the_appends_before_it) {
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  std::vector<std::string> order;
  std::promise<void> done;
  reactor().post([&] {
    shard->append(record("s", "a"), [&](const Result<Shard::Appended>&) { order.emplace_back("append"); });
    shard->barrier([&] {
      order.emplace_back("barrier");
      done.set_value();
    });
  });
  done.get_future().get();
  EXPECT_EQ(order, (std::vector<std::string>{"append", "barrier"}));
  drain(*shard);
}

TEST_F(ShardTest, a_write_that_is_sent_again_is_logged_once_also_across_a_restart) {
  const auto send = [this](Shard& shard, const std::vector<LogRecord>& records) {
    std::vector<Shard::Appended> answers;
    std::promise<void> done;
    reactor().post([&] {
      for (const LogRecord& one : records)
        shard.append(one, [&](Result<Shard::Appended> appended) { answers.push_back(appended.value()); });
      shard.barrier([&] { done.set_value(); });
    });
    done.get_future().get();
    return answers;
  };
  const LogRecord first = record("s", "a", "ann", 1);
  {
    auto shard = make_shard();
    Recording machine;
    ASSERT_TRUE(run(shard->start(machine)));
    // The second is sent again while the first is under way, and after it; another client and stream are others.
    const auto answers = send(
        *shard, {first, first, record("s", "b", "ann", 2), record("s", "a", "ben", 1), record("t", "a", "ann", 1)});
    ASSERT_EQ(answers.size(), 5U);
    EXPECT_EQ(answers[0].position, Position{1});
    EXPECT_FALSE(answers[0].repeated);
    EXPECT_EQ(answers[1].position, Position{1});
    EXPECT_TRUE(answers[1].repeated);
    for (std::uint64_t i = 2; i < 5; ++i) {
      EXPECT_EQ(answers[i].position, Position{i});
      EXPECT_FALSE(answers[i].repeated);
    }
    drain(*shard);
  }
  reopen();
  start_maps();
  // What a lost acknowledgement leaves: the record is in the log twice.
  const auto epoch = run(engines_.log->bounds(ShardId{1}))->epoch;
  ASSERT_TRUE(run(engines_.log->append(ShardId{1}, epoch, {first})));
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  EXPECT_EQ(machine.seen, (std::vector<std::string>{"a", "b", "a", "a"}));
  const auto again = send(*shard, {first, record("s", "c", "ann", 3)});
  EXPECT_TRUE(again[0].repeated);
  EXPECT_FALSE(again[1].repeated);
  EXPECT_EQ(again[1].position, Position{6});
  drain(*shard);
}

TEST_F(ShardTest, a_full_queue_refuses_with_a_retryable_error_and_loses_nothing) {
  auto shard = make_shard({.max_queue_bytes = 1000});
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  const auto answers = append_all(*shard, "s", {std::string(600, 'a'), std::string(600, 'b'), "c"});
  ASSERT_EQ(answers.size(), 3U);
  // The refusal is answered at once, before the durable ones.
  EXPECT_EQ(answers[0].error().code, Code::kUnavailable);
  EXPECT_EQ(answers[1]->value, 1U);
  EXPECT_EQ(answers[2]->value, 2U);
  drain(*shard);
}

TEST_F(ShardTest, an_owner_that_was_replaced_can_write_nothing) {
  auto old = make_shard();
  Recording machine;
  ASSERT_TRUE(run(old->start(machine)));
  ASSERT_TRUE(append_all(*old, "s", {"before"}).front());
  ASSERT_TRUE(run(engines_.log->seal(ShardId{1}, Epoch{1'000'000})));
  EXPECT_EQ(append_all(*old, "s", {"after"}).front().error().code, Code::kFenced);
  EXPECT_EQ(old->state(), Shard::State::kLost);
  EXPECT_EQ(append_all(*old, "s", {"later"}).front().error().code, Code::kFenced);
  drain(*old);
}

/// Ends the shard's lease, as time does to a process that stands still.
class LapsedShardTest : public ShardTest {
 protected:
  LapsedShardTest() {
    EXPECT_TRUE(run(shard_->start(machine_)));
    EXPECT_TRUE(append_all(*shard_, "s", {"before"}).front());
  }
  ~LapsedShardTest() override { drain(*shard_); }

  engines::Ownership lease() { return run(engines_.coordination->owner("shard/1"))->value(); }
  void lapse() {
    const auto held = run(engines_.coordination->owner("shard/1"));
    if (*held) EXPECT_TRUE(run(engines_.coordination->release(**held)));
  }

  std::unique_ptr<Shard> shard_ = make_shard({.lease_ms = 300});
  Recording machine_;
};

TEST_F(LapsedShardTest, an_owner_whose_lease_lapsed_takes_it_again_and_goes_on) {
  for (int round = 0; round < 3; ++round) {
    const Epoch before = run(engines_.log->bounds(ShardId{1}))->epoch;
    lapse();
    // Appends go on all the while, at the one epoch or the other.
    ASSERT_TRUE(eventually([&] {
      EXPECT_TRUE(append_all(*shard_, "s", {"meanwhile"}).front());
      return run(engines_.log->bounds(ShardId{1}))->epoch > before;
    }));
    EXPECT_EQ(run(engines_.log->bounds(ShardId{1}))->epoch, lease().epoch);
    EXPECT_EQ(shard_->state(), Shard::State::kServing);
    const auto next = run(engines_.log->bounds(ShardId{1}))->next;
    EXPECT_EQ(append_all(*shard_, "s", {"after"}).front().value(), next);
  }
}

TEST_F(LapsedShardTest, an_owner_whose_lease_lapsed_is_lost_once_another_has_written) {
  const Epoch theirs{lease().epoch.value + 1'000'000};
  ASSERT_TRUE(run(engines_.log->seal(ShardId{1}, theirs)));
  ASSERT_TRUE(run(engines_.log->append(ShardId{1}, theirs, {record("s", "theirs")})));
  lapse();
  ASSERT_TRUE(eventually([&] { return shard_->state() == Shard::State::kLost; }));
  EXPECT_EQ(append_all(*shard_, "s", {"ours"}).front().error().code, Code::kFenced);
}

TEST_F(LapsedShardTest, an_owner_whose_lease_lapsed_is_lost_while_another_holds_it) {
  // The shard may be quicker, and take it again.
  ASSERT_TRUE(eventually([&] {
    lapse();
    return run(engines_.coordination->acquire("shard/1", "another", 60'000, "")).has_value();
  }));
  ASSERT_TRUE(eventually([&] { return shard_->state() == Shard::State::kLost; }));
}

TEST_F(ShardTest, draining_answers_what_is_queued_and_refuses_the_rest) {
  auto shard = make_shard();
  Recording machine;
  ASSERT_TRUE(run(shard->start(machine)));
  ASSERT_TRUE(append_all(*shard, "s", {"a"}).front());
  drain(*shard);
  EXPECT_EQ(append_all(*shard, "s", {"b"}).front().error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace concord::shard
