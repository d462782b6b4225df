// Nodes that share their tables hear what has changed elsewhere: by the bus, without it, and after silence.

#include "changes/changes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "changes/change_store.h"
#include "changes/heard.h"
#include "engines/contract_testing.h"
#include "engines/local_bus.h"
#include "engines/tables_opener_testing.h"

namespace concord::changes {
namespace {

using concord::testing::eventually;
using concord::testing::RunningReactors;
using engines::testing::TemporaryDirectory;

class ChangesTest : public ::testing::Test {
 protected:
  /// A process, with what it has heard; "-" where anything may have changed.
  class Node {
   public:
    Node(ChangesTest& test, engines::Bus& bus, Options options)
        : test_(test), changes_(options, {*test.tables_, bus, test.clock_, test.ids_, metrics_, Logger()}) {
      changes_.listen("things", [this](std::optional<std::string> what) { return hear(std::move(what)); });
      EXPECT_TRUE(concord::testing::run_on(test.reactors_.at(), changes_.start(test.reactors_.at())));
    }
    ~Node() { stop(); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void stop() { concord::testing::run_on(test_.reactors_.at(), changes_.stop()); }
    void tell(std::string what) { changes_.tell("things", std::move(what)); }
    void refuse(int times) {
      const std::lock_guard lock(mutex_);
      refusals_ = times;
    }
    std::vector<std::string> heard() {
      const std::lock_guard lock(mutex_);
      return heard_;
    }
    std::uint64_t heard_by(const std::string& way) {
      return metrics_.counter("concord_changes_heard_total", "", {{"by", way}}).value();
    }

   private:
    Task<> hear(std::optional<std::string> what) {
      const std::lock_guard lock(mutex_);
      if (refusals_ > 0 && refusals_-- > 0) co_return fail(Code::kUnavailable, "not now");
      heard_.push_back(what.value_or("-"));
      co_return Result<>();
    }

    ChangesTest& test_;
    Metrics metrics_;
    std::mutex mutex_;
    int refusals_ = 0;                // guarded by mutex_
    std::vector<std::string> heard_;  // guarded by mutex_
    Changes changes_;
  };

  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  RunningReactors reactors_;
  std::unique_ptr<engines::Tables> tables_ = concord::testing::open_tables(directory_.path(), clock_, metrics_);
  engines::LocalBus bus_{{}, clock_, metrics_};
  engines::LocalBus another_bus_{{}, clock_, metrics_};  // over which nothing comes from the first
};

const std::vector<std::string> kOneTwoThree = {"-", "one", "two", "three"};  // after the first "-" of every start

TEST_F(ChangesTest, what_one_node_tells_the_others_hear_once_and_it_does_not) {
  Node a(*this, bus_, {.look_ms = 20});
  Node b(*this, bus_, {.look_ms = 20});
  Node c(*this, another_bus_, {.look_ms = 20});
  for (const char* what : {"one", "two", "three"}) a.tell(what);
  EXPECT_TRUE(eventually([&] { return b.heard() == kOneTwoThree; }));
  EXPECT_TRUE(eventually([&] { return c.heard() == kOneTwoThree; }));
  b.tell("four");
  EXPECT_TRUE(eventually([&] { return a.heard() == std::vector<std::string>({"-", "four"}); }));
  EXPECT_TRUE(eventually([&] { return c.heard().size() == 5; }));
  EXPECT_EQ(b.heard(), kOneTwoThree);
  EXPECT_EQ(c.heard_by("bus"), 0U);
}

TEST_F(ChangesTest, who_hears_by_the_bus_does_not_wait_for_the_tables) {
  Node a(*this, bus_, {.look_ms = 3'600'000});
  Node b(*this, bus_, {.look_ms = 3'600'000});  // but for its first look it never asks the tables by itself
  ASSERT_TRUE(eventually([&] {
    a.tell("again");
    return b.heard_by("bus") > 2;
  }));
  EXPECT_EQ(b.heard().back(), "again");
}

TEST_F(ChangesTest, a_node_that_starts_later_hears_of_nothing_before) {
  Node a(*this, bus_, {.look_ms = 10});
  a.tell("early");
  ASSERT_TRUE(eventually([&] { return run(tables_->query({"SELECT 1 FROM change_rows", {}}))->rows.size() == 1; }));
  Node b(*this, another_bus_, {.look_ms = 10});
  a.tell("late");
  ASSERT_TRUE(eventually([&] { return b.heard().size() > 1; }));
  EXPECT_EQ(b.heard(), std::vector<std::string>({"-", "late"}));
}

TEST_F(ChangesTest, what_a_node_cannot_take_in_it_takes_for_anything) {
  Node a(*this, bus_, {.look_ms = 10});
  Node b(*this, bus_, {.look_ms = 10});
  b.refuse(3);
  a.tell("one");
  ASSERT_TRUE(eventually([&] { return b.heard().size() == 2; }));
  EXPECT_EQ(b.heard().back(), "-");
}

TEST_F(ChangesTest, rows_that_are_gone_are_taken_for_anything) {
  ChangeStore store(*tables_);
  Node b(*this, bus_, {.look_ms = 10});
  const std::int64_t now_ms = clock_.wall_ms();
  ASSERT_TRUE(run(store.add({"elsewhere", 3, 1}, {{3, {"things", "three"}}}, now_ms)));  // 1 and 2 are not there
  ASSERT_TRUE(eventually([&] { return b.heard().size() >= 3; }));
  EXPECT_EQ(b.heard(), std::vector<std::string>({"-", "three", "-"}));
  ASSERT_TRUE(run(store.add({"elsewhere", 5, 2}, {}, now_ms)));  // and these were forgotten
  ASSERT_TRUE(eventually([&] { return b.heard().size() >= 4; }));
  EXPECT_EQ(b.heard().back(), "-");
}

TEST_F(ChangesTest, a_process_that_falls_silent_may_have_changed_anything_and_one_that_stops_has_not) {
  ChangeStore store(*tables_);
  Node b(*this, bus_, {.look_ms = 10, .silent_ms = 300});
  {
    Node a(*this, bus_, {.look_ms = 10});
    a.tell("one");
    ASSERT_TRUE(eventually([&] { return b.heard().size() == 2; }));
  }
  ASSERT_TRUE(run(store.beat({"dead", 0, 7}, clock_.wall_ms())));
  ASSERT_TRUE(eventually([&] { return b.heard().size() == 3; }));
  EXPECT_EQ(b.heard(), std::vector<std::string>({"-", "one", "-"}));
}

TEST_F(ChangesTest, what_waits_is_told_at_the_stop) {
  Node b(*this, another_bus_, {.look_ms = 10});
  Node a(*this, bus_, {.look_ms = 10});
  for (int i = 0; i < 1200; ++i) a.tell(std::to_string(i));
  a.stop();
  ASSERT_TRUE(eventually([&] { return b.heard().size() == 1201; }));
  EXPECT_EQ(b.heard().back(), "1199");
}

TEST_F(ChangesTest, more_than_may_wait_is_told_as_anything) {
  Node b(*this, another_bus_, {.look_ms = 10});
  Node a(*this, bus_, {.look_ms = 10, .queue = 5});
  for (int i = 0; i < 2000; ++i) a.tell("x");
  a.tell("last");
  ASSERT_TRUE(eventually([&] {
    a.tell("more");
    const auto heard = b.heard();
    return std::ranges::count(heard, "-") > 1 && heard.back() == "more";
  }));
}

TEST_F(ChangesTest, old_rows_and_heads_are_forgotten) {
  ChangeStore store(*tables_);
  ASSERT_TRUE(run(tables_->migrate(ChangeStore::migrations())));
  const std::int64_t now_ms = clock_.wall_ms();
  ASSERT_TRUE(run(store.add({"old", 1, 1}, {{1, {"things", "x"}}}, now_ms - ChangeStore::kKeepRowsMs - 1)));
  ASSERT_TRUE(run(store.add({"older", 1, 1}, {{1, {"things", "x"}}}, now_ms - ChangeStore::kKeepHeadsMs - 1)));
  ASSERT_TRUE(run(store.add({"new", 1, 1}, {{1, {"things", "x"}}}, now_ms)));
  ASSERT_TRUE(run(store.forget_old(now_ms)));
  EXPECT_EQ(run(store.heads())->size(), 2U);
  EXPECT_TRUE(run(store.rows("old", 0, 10))->empty());
  EXPECT_EQ(run(store.rows("new", 0, 10))->size(), 1U);
}

TEST(Heard, each_number_is_heard_once_in_whatever_order) {
  Heard heard(5, 1, 0);
  EXPECT_FALSE(heard.hears(5));
  EXPECT_TRUE(heard.hears(8));
  EXPECT_TRUE(heard.hears(6));
  EXPECT_EQ(heard.upto(), 6U);
  EXPECT_TRUE(heard.hears(7));
  EXPECT_EQ(heard.upto(), 8U);
  EXPECT_FALSE(heard.hears(7));
  EXPECT_TRUE(heard.hears(12));
  heard.passes(10);
  EXPECT_FALSE(heard.hears(9));
  EXPECT_TRUE(heard.hears(11));
  EXPECT_EQ(heard.upto(), 12U);
}

}  // namespace
}  // namespace concord::changes
