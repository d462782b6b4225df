#include "base/reactor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <set>
#include <thread>

#include "base/reactor_testing.h"

namespace concord {
namespace {

using testing::call_on;
using testing::run_on;
using testing::RunningReactors;

TEST(Reactor, each_has_one_thread_of_its_own) {
  RunningReactors reactors(3);
  std::set<std::thread::id> threads;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(reactors.at(i).index(), i);
    const auto thread = call_on(reactors.at(i), [] { return std::this_thread::get_id(); });
    EXPECT_EQ(call_on(reactors.at(i), [] { return std::this_thread::get_id(); }), thread);
    threads.insert(thread);
  }
  EXPECT_EQ(threads.size(), 3U);
}

TEST(Reactor, knows_whether_the_calling_thread_is_its_own) {
  RunningReactors reactors(2);
  EXPECT_FALSE(reactors.at(0).is_current());
  EXPECT_TRUE(call_on(reactors.at(0), [&] { return reactors.at(0).is_current(); }));
  EXPECT_FALSE(call_on(reactors.at(1), [&] { return reactors.at(0).is_current(); }));
}

TEST(Reactor, runs_what_one_thread_posts_in_order) {
  RunningReactors reactors;
  std::vector<int> seen;
  for (int i = 0; i < 1000; ++i) reactors.at().post([&seen, i] { seen.push_back(i); });
  const std::vector<int> result = call_on(reactors.at(), [&] { return seen; });
  ASSERT_EQ(result.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(result));
}

TEST(Reactor, what_it_posts_to_itself_runs_after_what_it_runs_now) {
  RunningReactors reactors;
  std::latch done(1);
  bool inside = true;
  reactors.at().post([&] {
    reactors.at().post([&] {
      EXPECT_FALSE(inside);
      done.count_down();
    });
    inside = false;
  });
  done.wait();
}

struct PostsWhenDestroyed {
  Reactor* reactor;
  explicit PostsWhenDestroyed(Reactor& r) : reactor(&r) {}
  PostsWhenDestroyed(PostsWhenDestroyed&& other) noexcept : reactor(std::exchange(other.reactor, nullptr)) {}
  ~PostsWhenDestroyed() {
    if (reactor != nullptr) reactor->post([] {});
  }
};

TEST(Reactors, pending_work_that_posts_from_its_destructor_is_dropped_in_safety) {
  Reactors reactors(2);  // never started
  reactors.at(0).post([held = PostsWhenDestroyed(reactors.at(1))] { FAIL(); });
  reactors.at(1).post([held = PostsWhenDestroyed(reactors.at(0))] { FAIL(); });
}

Task<int> square(BlockingPool& pool, Reactor& reactor, int n) {
  EXPECT_TRUE(reactor.is_current());
  CO_TRY(const int result, co_await pool.run<int>([n, &reactor]() -> Result<int> {
    EXPECT_FALSE(reactor.is_current());
    if (n < 0) return fail(Code::kInvalidArgument, "negative");
    return n * n;
  }));
  EXPECT_TRUE(reactor.is_current());
  co_return result;
}

TEST(BlockingPool, runs_work_elsewhere_and_resumes_on_the_callers_reactor) {
  RunningReactors reactors(2);
  BlockingPool pool(2);
  for (int i = 0; i < 200; ++i) {
    Reactor& reactor = reactors.at(static_cast<std::size_t>(i % 2));
    EXPECT_EQ(run_on(reactor, square(pool, reactor, i)).value(), i * i);
  }
  EXPECT_EQ(run_on(reactors.at(0), square(pool, reactors.at(0), -1)).error().code, Code::kInvalidArgument);
}

/// Occupies the pool's only thread until `release` is counted down.
void occupy(BlockingPool& pool, std::latch& release) {
  std::latch begun(1);
  ASSERT_TRUE(pool.post([&] {
    begun.count_down();
    release.wait();
  }));
  begun.wait();
}

TEST(BlockingPool, refuses_work_past_its_bound_and_takes_it_again_later) {
  RunningReactors reactors;
  BlockingPool pool(1, 2);
  std::latch release(1);
  occupy(pool, release);
  std::latch ran(2);
  ASSERT_TRUE(pool.post([&] { ran.count_down(); }));
  ASSERT_TRUE(pool.post([&] { ran.count_down(); }));
  EXPECT_EQ(pool.queued(), 2U);
  const Result<> posted = pool.post([] { ADD_FAILURE(); });
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code, Code::kUnavailable);
  EXPECT_EQ(posted.error().context.at(0).second, "2");
  const Result<int> refused = run_on(reactors.at(), square(pool, reactors.at(), 3));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  release.count_down();
  ran.wait();
  EXPECT_EQ(run_on(reactors.at(), square(pool, reactors.at(), 3)).value(), 9);
}

TEST(BlockingPool, stop_runs_what_is_queued_and_refuses_what_comes_later) {
  RunningReactors reactors;
  BlockingPool pool(1);
  std::latch release(1);
  occupy(pool, release);
  int ran = 0;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pool.post([&ran] { ++ran; }));
  release.count_down();
  pool.stop();
  EXPECT_EQ(ran, 10);
  EXPECT_EQ(pool.post([] {}).error().code, Code::kUnavailable);
  EXPECT_EQ(run_on(reactors.at(), square(pool, reactors.at(), 3)).error().code, Code::kUnavailable);
}

TEST(Sleep, lasts_at_least_as_long_as_asked) {
  RunningReactors reactors;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_on(reactors.at(), sleep_ms(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(20));
  EXPECT_TRUE(run_on(reactors.at(), sleep_ms(-5)));
}

asio::awaitable<void> sleep_until_cancelled(std::vector<std::string>& events) {
  const Result<> slept = co_await sleep_ms(3'600'000);
  events.emplace_back(slept ? "slept" : to_string(slept.error().code));
  const Result<> again = co_await sleep_ms(3'600'000);
  events.emplace_back(again ? "slept" : "still cancelled");
}

TEST(TaskScope, close_cancels_every_task_and_waits_for_its_end) {
  RunningReactors reactors;
  std::vector<std::string> events;
  auto scope = std::make_unique<TaskScope>(reactors.at());
  call_on(reactors.at(), [&] {
    for (int i = 0; i < 3; ++i) scope->spawn(sleep_until_cancelled(events));
  });
  EXPECT_EQ(call_on(reactors.at(), [&] { return scope->running(); }), 3U);
  run_on(reactors.at(), scope->close());
  EXPECT_EQ(scope->running(), 0U);
  EXPECT_EQ(events.size(), 6U);
  EXPECT_EQ(std::ranges::count(events, "unavailable"), 3);
  EXPECT_EQ(std::ranges::count(events, "still cancelled"), 3);
}

asio::awaitable<void> blocking_step(BlockingPool& pool, std::latch& begun, std::latch& release, bool& ended) {
  const Result<> ran = co_await pool.run<void>([&]() -> Result<> {
    begun.count_down();
    release.wait();
    return {};
  });
  ended = ran.has_value();
}

TEST(TaskScope, close_waits_for_blocking_work_that_cannot_be_cancelled) {
  RunningReactors reactors;
  BlockingPool pool(1);
  TaskScope scope(reactors.at());
  std::latch begun(1);
  std::latch release(1);
  bool ended = false;
  call_on(reactors.at(), [&] { scope.spawn(blocking_step(pool, begun, release, ended)); });
  begun.wait();
  std::atomic<bool> closed = false;
  std::thread closer([&] {
    run_on(reactors.at(), scope.close());
    closed = true;
  });
  EXPECT_TRUE(run_on(reactors.at(), sleep_ms(20)));
  EXPECT_FALSE(closed);
  release.count_down();
  closer.join();
  EXPECT_TRUE(ended);
}

TEST(TaskScope, a_task_cancelled_before_its_first_step_is_joined_too) {
  RunningReactors reactors;
  std::vector<std::string> events;
  TaskScope scope(reactors.at());
  const auto spawn_and_close = [](TaskScope& s, std::vector<std::string>& e) -> asio::awaitable<void> {
    s.spawn(sleep_until_cancelled(e));
    co_await s.close();
  };
  run_on(reactors.at(), spawn_and_close(scope, events));
  EXPECT_EQ(scope.running(), 0U);
  EXPECT_EQ(std::ranges::count(events, "slept"), 0);
}

asio::awaitable<void> count_up(int& count) {
  ++count;
  co_return;
}

TEST(TaskScope, a_task_spawned_after_close_is_dropped) {
  RunningReactors reactors;
  TaskScope scope(reactors.at());
  int count = 0;
  call_on(reactors.at(), [&] { scope.spawn(count_up(count)); });
  run_on(reactors.at(), scope.close());
  call_on(reactors.at(), [&] { scope.spawn(count_up(count)); });
  run_on(reactors.at(), scope.close());
  EXPECT_LE(count, 1);
  EXPECT_EQ(scope.running(), 0U);
}

TEST(TaskScope, tasks_that_end_by_themselves_leave_it_empty) {
  RunningReactors reactors;
  TaskScope scope(reactors.at());
  int count = 0;
  call_on(reactors.at(), [&] {
    for (int i = 0; i < 100; ++i) scope.spawn(count_up(count));
  });
  EXPECT_TRUE(run_on(reactors.at(), sleep_ms(1)));
  EXPECT_EQ(call_on(reactors.at(), [&] { return scope.running(); }), 0U);
  EXPECT_EQ(count, 100);
}

TEST(TaskScopeDeathTest, a_task_that_throws_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto throwing = []() -> asio::awaitable<void> {
    throw std::runtime_error("a task threw");
    co_return;
  };
  EXPECT_DEATH(
      {
        RunningReactors reactors;
        TaskScope scope(reactors.at());
        call_on(reactors.at(), [&] { scope.spawn(throwing()); });
        std::this_thread::sleep_for(std::chrono::seconds(10));
      },
      "a task threw");
}

}  // namespace
}  // namespace concord
