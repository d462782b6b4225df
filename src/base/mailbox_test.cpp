#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/reactor_testing.h"

namespace concord {
namespace {

using testing::call_on;
using testing::RunningReactors;

TEST(Mailbox, runs_what_each_thread_gave_in_its_order) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  RunningReactors reactors;
  Mailbox mailbox(reactors.at());
  std::vector<std::vector<int>> seen(kThreads);
  std::latch done(kThreads * kEach);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          mailbox.post([&, t, i] {
            EXPECT_TRUE(reactors.at().is_current());
            seen[static_cast<std::size_t>(t)].push_back(i);
            done.count_down();
          });
        }
      });
    }
  }
  done.wait();
  for (const auto& order : seen) {
    ASSERT_EQ(order.size(), static_cast<std::size_t>(kEach));
    EXPECT_TRUE(std::ranges::is_sorted(order));
  }
}

TEST(Mailbox, what_its_own_reactor_posts_runs_in_the_call) {
  RunningReactors reactors;
  Mailbox mailbox(reactors.at());
  const bool ran_in_the_call = call_on(reactors.at(), [&] {
    bool ran = false;
    mailbox.post([&ran] { ran = true; });
    return ran;
  });
  EXPECT_TRUE(ran_in_the_call);
}

TEST(Mailbox, what_waits_is_run_in_one_go) {
  RunningReactors reactors;
  Mailbox mailbox(reactors.at());
  std::latch begun(1);
  std::latch may_end(1);
  reactors.at().post([&] {
    begun.count_down();
    may_end.wait();
  });
  begun.wait();
  std::vector<int> seen;
  mailbox.post([&] { seen.push_back(0); });
  reactors.at().post([&] { seen.push_back(-1); });  // behind the run, whatever the mailbox gets after it
  for (int i = 1; i < 5; ++i) mailbox.post([&seen, i] { seen.push_back(i); });
  may_end.count_down();
  EXPECT_EQ(call_on(reactors.at(), [&] { return seen; }), (std::vector<int>{0, 1, 2, 3, 4, -1}));
}

TEST(Mailbox, what_work_posts_back_and_forth_arrives) {
  RunningReactors reactors(2);
  Mailbox here(reactors.at(0));
  Mailbox there(reactors.at(1));
  std::latch done(1);
  int left = 1000;
  std::move_only_function<void()> bounce = [&] {
    here.post([&] {
      if (--left == 0) return done.count_down();
      there.post([&] { bounce(); });
    });
  };
  there.post([&] { bounce(); });
  done.wait();
  EXPECT_EQ(left, 0);
}

TEST(Mailbox, what_nobody_runs_any_more_is_let_go) {
  auto held = std::make_shared<int>(1);
  {
    Reactors reactors(1);
    Mailbox mailbox(reactors.at(0));
    mailbox.post([held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(MailLoad, takes_one_of_any_size_and_more_within_the_most) {
  MailLoad load(100);
  EXPECT_TRUE(load.take(1000));
  EXPECT_FALSE(load.take(1));
  load.give_back(1000);
  EXPECT_TRUE(load.take(60));
  EXPECT_TRUE(load.take(40));
  EXPECT_FALSE(load.take(1));
  EXPECT_EQ(load.bytes(), 100U);
  load.give_back(60);
  EXPECT_TRUE(load.take(60));
}

}  // namespace
}  // namespace concord
