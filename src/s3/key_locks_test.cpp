#include "s3/key_locks.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "base/reactor_testing.h"

namespace concord::s3 {
namespace {

using concord::testing::run_on;
using concord::testing::RunningReactors;

struct Counts {
  int inside = 0;  // guarded by the key alone: a thread sanitizer sees where two are inside
  int most = 0;
  int all = 0;
};

Task<> count_under(KeyLocks& locks, std::string key, Counts& counts, int times) {
  for (int i = 0; i < times; ++i) {
    const KeyLocks::Held held = co_await locks.hold(key);
    counts.most = std::max(counts.most, ++counts.inside);
    CO_TRY_VOID(co_await sleep_ms(0));
    --counts.inside;
    ++counts.all;
  }
  co_return Result<>();
}

TEST(KeyLocks, one_at_a_time_holds_a_key_on_any_reactor) {
  KeyLocks locks;
  Counts counts;
  RunningReactors reactors(3);
  std::vector<std::future<Result<>>> running;
  running.reserve(9);
  for (std::size_t i = 0; i < 9; ++i)
    running.push_back(std::async(std::launch::async,
                                 [&, i] { return run_on(reactors.at(i % 3), count_under(locks, "k", counts, 50)); }));
  for (auto& each : running) EXPECT_TRUE(each.get());
  EXPECT_EQ(counts.most, 1);
  EXPECT_EQ(counts.all, 9 * 50);
}

Task<> hold_two(KeyLocks& locks) {
  const KeyLocks::Held one = co_await locks.hold("one");
  const KeyLocks::Held other = co_await locks.hold("other");
  co_return Result<>();
}

TEST(KeyLocks, one_key_is_not_in_the_way_of_another_and_is_free_afterwards) {
  KeyLocks locks;
  RunningReactors reactors;
  EXPECT_TRUE(run_on(reactors.at(), hold_two(locks)));
  EXPECT_TRUE(run_on(reactors.at(), hold_two(locks)));
}

}  // namespace
}  // namespace concord::s3
