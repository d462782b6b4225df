// The supervisor over shells in the place of the hub.

#include "app/supervisor.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include "app/lease_pipe.h"

namespace concord::app {
namespace {

class SupervisorTest : public ::testing::Test {
 protected:
  /// `script` finds the pipe for leases at "$fd", and in "$starts" how often it was started before.
  Result<Ending> watch_over(const std::string& script, RestartPolicy::Options restarts = {}) {
    const std::string head = "set -- $CONCORD_SUPERVISOR; fd=$2; starts=$3; parent=$1\n";
    return supervise(
        {.program = "/bin/bash", .words = {"bash", "-c", head + script}, .restarts = restarts},
        [this](const std::vector<engines::LeaseId>& leases) {
          const std::lock_guard lock(mutex_);
          for (const engines::LeaseId lease : leases) ended_.push_back(lease.value);
        },
        Logger());
  }

  static constexpr RestartPolicy::Options kSoon{
      .most = 3, .within_ms = 600'000, .least_delay_ms = 1, .most_delay_ms = 2};
  std::mutex mutex_;
  std::vector<std::int64_t> ended_;
};

TEST_F(SupervisorTest, the_status_of_a_hub_that_ends_by_itself_is_passed_on) {
  EXPECT_EQ(watch_over("exit 0").value(), (Ending{0, 0}));
  EXPECT_EQ(watch_over("exit 3").value(), (Ending{0, 3}));
}

TEST_F(SupervisorTest, a_hub_that_dies_is_started_again_and_told_how_often) {
  EXPECT_EQ(watch_over("if ((starts < 3)); then kill -KILL $$; fi; exit $((40 + starts))", kSoon).value(),
            (Ending{0, 43}));
}

TEST_F(SupervisorTest, a_hub_that_dies_all_the_time_is_given_up) {
  EXPECT_EQ(watch_over("kill -SEGV $$", kSoon).value(), (Ending{SIGSEGV, 0}));
}

TEST_F(SupervisorTest, signals_are_passed_on_and_the_second_one_kills) {
  EXPECT_EQ(watch_over("trap 'exit 7' TERM; kill -TERM $parent; while :; do sleep 0.01; done").value(), (Ending{0, 7}));
  EXPECT_EQ(watch_over("trap 'exit 8' INT; kill -INT $parent; while :; do sleep 0.01; done").value(), (Ending{0, 8}));
  EXPECT_EQ(watch_over("trap 'kill -TERM $parent' HUP; trap 'exit 9' TERM; kill -HUP $parent; while :; do sleep 0.01; "
                       "done")
                .value(),
            (Ending{0, 9}));
  EXPECT_EQ(watch_over("trap 'kill -INT $parent' TERM; kill -TERM $parent; while :; do sleep 0.01; done").value(),
            (Ending{SIGKILL, 0}));
}

TEST_F(SupervisorTest, a_hub_that_dies_while_it_is_to_stop_is_not_started_again) {
  EXPECT_EQ(watch_over("trap 'kill -ABRT $$' TERM; kill -TERM $parent; while :; do sleep 0.01; done", kSoon).value(),
            (Ending{SIGABRT, 0}));
}

TEST_F(SupervisorTest, between_two_starts_it_can_be_stopped) {
  EXPECT_EQ(watch_over("(while kill -0 $$ 2>&-; do sleep 0.01; done; kill -TERM $parent) & kill -KILL $$",
                       {.most = 3, .within_ms = 600'000, .least_delay_ms = 600'000, .most_delay_ms = 600'000})
                .value(),
            (Ending{0, 0}));
}

TEST_F(SupervisorTest, the_leases_that_a_dead_hub_held_are_ended) {
  const std::string tell = R"(tell() { printf -- "$1\\$2\0\0\0\0\0\0\0" >&$fd; }
    if ((starts == 0)); then tell + 1; tell + 2; tell + 3; tell - 2; printf '+torn' >&$fd; kill -KILL $$; fi
    tell + 4; tell - 4; tell + 5
    exit 0)";
  EXPECT_EQ(watch_over(tell, kSoon).value(), (Ending{0, 0}));
  EXPECT_EQ(ended_, (std::vector<std::int64_t>{1, 3, 5}));
}

TEST_F(SupervisorTest, what_cannot_be_started_is_an_error) {
  const auto ending = supervise({.program = "/no/such/program", .words = {"it"}}, {}, Logger());
  ASSERT_FALSE(ending);
  EXPECT_NE(ending.error().message.find("/no/such/program"), std::string::npos);
}

TEST(HeldLeases, are_known_wherever_the_pipe_is_cut) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  constexpr std::int64_t kCount = 50;
  {
    LeasePipe pipe(ends[1]);
    for (std::int64_t i = 0; i < kCount; ++i) pipe.asked_for({(i << 40) - 7});
    for (std::int64_t i = 0; i < kCount; i += 2) pipe.ended({(i << 40) - 7});
  }
  Bytes all(4096);
  const ssize_t count = ::read(ends[0], all.data(), all.size());
  ::close(ends[0]);
  ASSERT_EQ(count, 9 * (kCount + kCount / 2));
  all.resize(static_cast<std::size_t>(count));
  for (std::size_t cut = 1; cut < 30; ++cut) {
    HeldLeases leases;
    for (std::size_t at = 0; at < all.size(); at += cut)
      ASSERT_TRUE(leases.take_in(ByteView(all).subspan(at, std::min(cut, all.size() - at))));
    const auto held = leases.take_all();
    ASSERT_EQ(held.size(), static_cast<std::size_t>(kCount / 2));
    for (std::size_t i = 0; i < held.size(); ++i)
      EXPECT_EQ(held[i].value, (static_cast<std::int64_t>(2 * i + 1) << 40) - 7);
    EXPECT_TRUE(leases.take_all().empty());
  }
}

TEST(HeldLeases, of_far_too_many_the_oldest_are_forgotten_and_nonsense_is_known) {
  HeldLeases leases;
  Bytes record{'+'};
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(HeldLeases::kMost); ++i) {
    record.resize(1);
    put_le(record, i);
    ASSERT_TRUE(leases.take_in(record));
  }
  const auto held = leases.take_all();
  ASSERT_EQ(held.size(), HeldLeases::kMost);
  EXPECT_EQ(held.front().value, 1);
  EXPECT_FALSE(leases.take_in(as_bytes("?12345678")));
  EXPECT_TRUE(leases.take_in(as_bytes("+12345678")));
}

}  // namespace
}  // namespace concord::app
