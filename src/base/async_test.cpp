#include "base/async.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/reactor_testing.h"

namespace concord {
namespace {

using testing::call_on;
using ::testing::ElementsAre;
using testing::RunningReactors;

asio::awaitable<void> wait_and_count(AsyncEvent& event, int& woken) {
  co_await event.wait();
  ++woken;
}

TEST(AsyncEvent, wakes_everyone_who_waits_and_nobody_who_comes_later) {
  RunningReactors reactors;
  AsyncEvent event(reactors.at());
  TaskScope scope(reactors.at());
  int woken = 0;
  call_on(reactors.at(), [&] {
    for (int i = 0; i < 3; ++i) scope.spawn(wait_and_count(event, woken));
  });
  call_on(reactors.at(), [&] { event.notify_all(); });
  EXPECT_TRUE(testing::run_on(reactors.at(), sleep_ms(1)));
  EXPECT_EQ(call_on(reactors.at(), [&] { return woken; }), 3);
  call_on(reactors.at(), [&] { scope.spawn(wait_and_count(event, woken)); });
  EXPECT_TRUE(testing::run_on(reactors.at(), sleep_ms(1)));
  EXPECT_EQ(call_on(reactors.at(), [&] { return woken; }), 3);
  testing::run_on(reactors.at(), scope.close());
  EXPECT_EQ(woken, 4);
}

TEST(AsyncEvent, a_wait_ends_at_its_time) {
  RunningReactors reactors;
  AsyncEvent event(reactors.at());
  const auto begun = std::chrono::steady_clock::now();
  testing::run_on(reactors.at(), event.wait(20));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(20));
}

asio::awaitable<void> hold(AsyncMutex& mutex, std::vector<std::string>& events, std::string name) {
  const AsyncMutex::Hold held = co_await mutex.lock();
  events.push_back(name + " in");
  EXPECT_TRUE(co_await sleep_ms(2));
  events.push_back(name + " out");
}

TEST(AsyncMutex, lets_one_in_at_a_time_in_the_order_they_came) {
  RunningReactors reactors;
  AsyncMutex mutex(reactors.at());
  TaskScope scope(reactors.at());
  std::vector<std::string> events;
  call_on(reactors.at(), [&] {
    for (const char* name : {"a", "b", "c"}) scope.spawn(hold(mutex, events, name));
  });
  while (call_on(reactors.at(), [&] { return scope.running(); }) > 0) {
    EXPECT_TRUE(testing::run_on(reactors.at(), sleep_ms(1)));
  }
  EXPECT_THAT(events, ElementsAre("a in", "a out", "b in", "b out", "c in", "c out"));
}

Task<std::size_t> index_if_current(Reactor& reactor) {
  if (!reactor.is_current()) co_return fail(Code::kInternal, "on another reactor");
  co_return reactor.index();
}

asio::awaitable<Result<std::size_t>> ask_another(Reactor& own, Reactor& other) {
  Result<std::size_t> answer = co_await run_on(other, index_if_current(other));
  EXPECT_TRUE(own.is_current());
  co_return answer;
}

TEST(RunOn, runs_the_task_there_and_resumes_the_caller_here) {
  RunningReactors reactors(2);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(testing::run_on(reactors.at(0), ask_another(reactors.at(0), reactors.at(1))).value(), 1U);
    EXPECT_EQ(testing::run_on(reactors.at(1), ask_another(reactors.at(1), reactors.at(0))).value(), 0U);
  }
}

Task<> refuse() { co_return fail(Code::kConflict, "no"); }

asio::awaitable<Result<>> ask_to_refuse(Reactor& other) { co_return co_await run_on(other, refuse()); }

TEST(RunOn, the_tasks_error_comes_back) {
  RunningReactors reactors(2);
  EXPECT_EQ(testing::run_on(reactors.at(0), ask_to_refuse(reactors.at(1))).error().code, Code::kConflict);
}

}  // namespace
}  // namespace concord
