// The embedded coordination: its file of epochs, and leases under a clock that a test holds.

#include "engines/local_coordination.h"

#include "base/clock_testing.h"
#include "engines/contract_testing.h"
#include "engines/data_lock.h"
#include "engines/simulated_disk_testing.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::ManualClock;
using concord::testing::pick;
using concord::testing::Random;
using concord::testing::RunningReactors;
using testing::code_of;
using testing::SimulatedDisk;

LocalCoordinationOptions quiet() { return {.directory = "c", .expiry_interval_ms = 0}; }

TEST(LocalCoordination, a_lease_ends_with_the_clock_and_its_watchers_hear_it) {
  RunningReactors reactors;
  SimulatedDisk disk(1);
  ManualClock clock;
  Metrics metrics;
  const auto local = LocalCoordination::open(disk, quiet(), clock, Logger(), metrics).value();
  std::vector<std::string> told;
  const auto watch = testing::run_on(reactors.at(), local->watch("", [&](const std::string& name, const auto& now) {
                       told.push_back(name + (now ? "+" : "-"));
                     })).value();
  const auto acquire = [&](std::string name, std::string owner, std::int64_t ttl_ms) {
    return testing::run_on(reactors.at(), local->acquire(std::move(name), std::move(owner), ttl_ms, ""));
  };
  ASSERT_TRUE(acquire("a", "one", 100));
  ASSERT_TRUE(acquire("b", "one", 200));
  clock.advance_ms(99);
  local->expire_lapsed();
  EXPECT_EQ(code_of(acquire("a", "two", 100)), Code::kConflict);
  clock.advance_ms(1);
  EXPECT_FALSE(testing::run_on(reactors.at(), local->owner("a"))->has_value());
  local->expire_lapsed();
  ASSERT_TRUE(acquire("a", "two", 100));
  EXPECT_EQ(told, (std::vector<std::string>{"a+", "b+", "a-", "a+"}));
}

TEST(LocalCoordination, a_damaged_file_of_epochs_is_refused) {
  SimulatedDisk disk(1);
  ManualClock clock;
  Metrics metrics;
  ASSERT_TRUE(disk.make_directory("c"));
  for (const std::string content : {"", "x", "12 34", "-1", "0", "99999999999999999999999"}) {
    disk.overwrite("c/epochs", to_bytes(content));
    EXPECT_EQ(code_of(LocalCoordination::open(disk, quiet(), clock, Logger(), metrics)), Code::kCorrupt) << content;
  }
}

TEST(LocalCoordination, more_leases_than_its_limit_are_refused) {
  RunningReactors reactors;
  SimulatedDisk disk(1);
  ManualClock clock;
  Metrics metrics;
  LocalCoordinationOptions options = quiet();
  options.max_ownerships = 1;
  const auto local = LocalCoordination::open(disk, options, clock, Logger(), metrics).value();
  ASSERT_TRUE(testing::run_on(reactors.at(), local->acquire("a", "one", 100, "")));
  EXPECT_EQ(code_of(testing::run_on(reactors.at(), local->acquire("b", "one", 100, ""))), Code::kUnavailable);
  clock.advance_ms(100);
  EXPECT_TRUE(testing::run_on(reactors.at(), local->acquire("b", "one", 100, "")));
}

TEST(LocalCoordination, an_epoch_is_never_given_twice_whatever_the_disk_does) {
  RunningReactors reactors;
  for_each_seed(60, [&](Random& random) {
    SimulatedDisk disk(random());
    ManualClock clock;
    Metrics metrics;
    Epoch last{0};
    for (int life = 0; life < 5; ++life) {
      disk.set_faults({.short_write = 200, .write_error = 50, .sync_error = 50, .other_error = 50});
      if (pick(random, 0, 1) == 0) disk.lose_power_after(pick(random, 0, 20));
      auto local = LocalCoordination::open(disk, quiet(), clock, Logger(), metrics);
      for (int i = 0; local && i < 5; ++i) {
        const auto held = testing::run_on(reactors.at(), (*local)->acquire("n", "one", 1000, ""));
        if (!held) continue;
        ASSERT_GT(held->epoch, last);
        last = held->epoch;
      }
      local = fail(Code::kUnavailable, "closed");
      pick(random, 0, 1) == 0 ? disk.power_on() : disk.restart_process();
    }
  });
}

TEST(DataLock, a_second_hub_is_kept_out_and_told_who_is_in) {
  const testing::TemporaryDirectory directory;
  auto first = DataLock::take(directory.path());
  ASSERT_TRUE(first);
  const auto second = DataLock::take(directory.path());
  ASSERT_EQ(code_of(second), Code::kConflict);
  EXPECT_NE(second.error().message.find(directory.path()), std::string::npos);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
  first->reset();
  EXPECT_TRUE(DataLock::take(directory.path()));
}

}  // namespace
}  // namespace concord::engines
