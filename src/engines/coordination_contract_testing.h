#pragma once
// What every driver of the `coordination` port promises: a suite that a driver's own tests instantiate in
// `concord::engines::coordination_contract`, in one source of a test program.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/coordination.h"

namespace concord::engines::coordination_contract {

using concord::testing::eventually;
using testing::code_of;
using testing::Driver;
using testing::DriverContext;

constexpr std::int64_t kLongTtlMs = 600'000;

class CoordinationContract : public testing::ContractTest<Coordination> {
 protected:
  Result<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms = kLongTtlMs,
                            std::string note = {}) {
    return run(port().acquire(std::move(name), std::move(owner), ttl_ms, std::move(note)));
  }
  std::string holder(std::string name) {
    const auto held = run(port().owner(std::move(name))).value();
    return held ? held->owner : "nobody";
  }
  std::int64_t ttl() const { return GetParam().shortest_ttl_ms; }
};

TEST_P(CoordinationContract, one_owner_holds_a_name_and_others_are_told_who) {
  const Ownership held = acquire("shard/7", "one").value();
  EXPECT_EQ(held.name, "shard/7");
  EXPECT_EQ(held.owner, "one");
  EXPECT_GT(held.epoch, Epoch{0});
  const Result<Ownership> refused = acquire("shard/7", "two");
  ASSERT_EQ(code_of(refused), Code::kConflict);
  EXPECT_NE(refused.error().message.find("one"), std::string::npos);
  EXPECT_EQ(holder("shard/7"), "one");
  EXPECT_TRUE(acquire("shard/8", "two"));
  EXPECT_EQ(holder("shard/9"), "nobody");
}

TEST_P(CoordinationContract, the_same_owner_acquires_again_with_a_new_epoch) {
  const Ownership first = acquire("n", "one").value();
  const Ownership second = acquire("n", "one").value();
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_EQ(code_of(run(port().renew(first, kLongTtlMs))), Code::kFenced);
  EXPECT_TRUE(run(port().renew(second, kLongTtlMs)));
}

TEST_P(CoordinationContract, a_released_name_is_free_and_its_next_epoch_is_greater) {
  const Ownership first = acquire("n", "one").value();
  ASSERT_TRUE(run(port().release(first)));
  EXPECT_EQ(holder("n"), "nobody");
  EXPECT_EQ(code_of(run(port().renew(first, kLongTtlMs))), Code::kFenced);
  const Ownership second = acquire("n", "two").value();
  EXPECT_GT(second.epoch, first.epoch);
  ASSERT_TRUE(run(port().release(first)));  // long passed on: changes nothing
  EXPECT_EQ(holder("n"), "two");
}

TEST_P(CoordinationContract, a_lease_nobody_renews_lapses) {
  const Ownership first = acquire("n", "one", ttl()).value();
  EXPECT_TRUE(eventually([&] { return holder("n") == "nobody"; }));
  EXPECT_EQ(code_of(run(port().renew(first, kLongTtlMs))), Code::kFenced);
  const Ownership second = acquire("n", "two").value();
  EXPECT_GT(second.epoch, first.epoch);
}

TEST_P(CoordinationContract, a_renewed_lease_goes_on_with_its_epoch) {
  Ownership held = acquire("n", "one", ttl() * 2).value();
  const Epoch epoch = held.epoch;
  for (int i = 0; i < 6; ++i) {
    const std::int64_t before = held.expires_ns;
    const Result<Ownership> renewed = run(port().renew(held, ttl() * 2));
    if (!renewed) GTEST_SKIP() << "this machine is too slow for so short a lease";
    held = *renewed;
    EXPECT_EQ(held.epoch, epoch);
    EXPECT_GE(held.expires_ns, before);
    std::this_thread::sleep_for(std::chrono::milliseconds(ttl() / 2));
  }
}

TEST_P(CoordinationContract, the_end_of_a_lease_is_told_by_the_monotonic_clock) {
  const std::int64_t before = context_.clock.monotonic_ns();
  const Ownership held = acquire("n", "one", 60'000).value();
  const std::int64_t after = context_.clock.monotonic_ns();
  EXPECT_LE(held.expires_ns, after + 60'000LL * 1'000'000);
  EXPECT_GE(held.expires_ns, before);
}

TEST_P(CoordinationContract, epochs_grow_across_restarts) {
  Epoch last{0};
  for (int restart = 0; restart < 4; ++restart) {
    for (int i = 0; i < 3; ++i) {
      const Result<Ownership> held = acquire("n", "one");
      ASSERT_TRUE(held);
      EXPECT_GT(held->epoch, last);
      last = held->epoch;
    }
    reopen();
  }
}

inline Task<> take_and_release(Coordination& coordination, std::string owner, std::atomic<int>& holders, int rounds) {
  Epoch last{0};
  for (int i = 0; i < rounds;) {
    const Result<Ownership> held = co_await coordination.acquire("contended", owner, kLongTtlMs, "");
    if (!held && held.error().code != Code::kConflict) co_return fail(held.error());
    if (!held) {
      CO_TRY_VOID(co_await sleep_ms(0));
      continue;
    }
    if (held->epoch <= last) co_return fail(Code::kInternal, "an epoch came twice");
    last = held->epoch;
    if (holders.fetch_add(1) != 0) co_return fail(Code::kInternal, "two owners at once");
    CO_TRY_VOID(co_await sleep_ms(0));
    holders.fetch_sub(1);
    CO_TRY_VOID(co_await coordination.release(*held));
    ++i;
  }
  co_return Result<>();
}

TEST_P(CoordinationContract, of_many_who_want_it_one_at_a_time_has_it) {
  std::atomic<int> holders = 0;
  std::vector<std::future<Result<>>> running;
  for (std::size_t i = 0; i < 5; ++i)
    running.push_back(start(i, take_and_release(port(), "node" + std::to_string(i), holders, 15)));
  for (auto& each : running) {
    const Result<> result = each.get();
    EXPECT_TRUE(result) << result.error().message;
  }
}

TEST_P(CoordinationContract, those_held_under_a_prefix_are_listed_by_name_with_their_notes) {
  const Ownership b = acquire("node/b", "b", kLongTtlMs, "10.0.0.2:7000").value();
  ASSERT_TRUE(acquire("node/a", "a", kLongTtlMs, "10.0.0.1:7000"));
  ASSERT_TRUE(acquire("node/c", "c"));
  ASSERT_TRUE(acquire("nodes", "x"));
  const Ownership released = acquire("node/d", "d").value();
  ASSERT_TRUE(run(port().release(released)));
  const auto listed = run(port().list("node/", 3)).value();
  ASSERT_EQ(listed.size(), 3U);
  EXPECT_EQ(listed[0].name, "node/a");
  EXPECT_EQ(listed[0].owner, "a");
  EXPECT_EQ(listed[0].note, "10.0.0.1:7000");
  EXPECT_EQ(listed[1].epoch, b.epoch);
  EXPECT_EQ(listed[1].note, "10.0.0.2:7000");
  EXPECT_EQ(listed[2].note, "");
  EXPECT_EQ(code_of(run(port().list("node/", 2))), Code::kTooLarge);
  EXPECT_TRUE(run(port().list("nobody/", 1)).value().empty());
  EXPECT_EQ(run(port().owner("node/a")).value()->note, "10.0.0.1:7000");
  ASSERT_TRUE(run(port().renew(b, kLongTtlMs)));
  EXPECT_EQ(run(port().owner("node/b")).value()->note, "10.0.0.2:7000");
}

/// What a watch told: "name=owner", or "name=" for nobody.
class Told {
 public:
  Coordination::OnChange callback() {
    return [this](const std::string& name, const std::optional<Ownership>& now) {
      const std::lock_guard lock(mutex_);
      changes_.push_back(name + "=" + (now ? now->owner : ""));
    };
  }
  std::vector<std::string> changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> changes_;
};

TEST_P(CoordinationContract, a_watch_tells_every_change_under_its_prefix_in_order) {
  Told told;
  ASSERT_TRUE(acquire("shard/0", "before"));
  const auto watch = run(port().watch("shard/", told.callback())).value();
  const Ownership one = acquire("shard/1", "a").value();
  ASSERT_TRUE(acquire("other/1", "a"));
  ASSERT_TRUE(run(port().renew(one, kLongTtlMs)));
  ASSERT_TRUE(run(port().release(one)));
  ASSERT_TRUE(acquire("shard/1", "b"));
  const std::vector<std::string> expected = {"shard/1=a", "shard/1=", "shard/1=b"};
  EXPECT_TRUE(eventually([&] { return told.changes() == expected; })) << ::testing::PrintToString(told.changes());
}

TEST_P(CoordinationContract, a_watch_tells_that_a_lease_has_lapsed) {
  Told told;
  const auto watch = run(port().watch("n", told.callback())).value();
  ASSERT_TRUE(acquire("n", "one", ttl()));
  const std::vector<std::string> expected = {"n=one", "n="};
  EXPECT_TRUE(eventually([&] { return told.changes() == expected; })) << ::testing::PrintToString(told.changes());
}

TEST_P(CoordinationContract, a_watch_that_is_gone_is_not_called) {
  Told told;
  auto watch = run(port().watch("n", told.callback())).value();
  watch.reset();
  ASSERT_TRUE(acquire("n", "one"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(told.changes().empty());
}

TEST_P(CoordinationContract, a_name_an_owner_or_a_time_out_of_bounds_is_refused) {
  EXPECT_EQ(code_of(acquire("", "one")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(acquire(std::string(257, 'n'), "one")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(acquire("n", "")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(acquire("n", std::string(257, 'o'))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(acquire("n", "one", 0)), Code::kInvalidArgument);
  EXPECT_EQ(code_of(acquire("n", "one", kLongTtlMs, std::string(1025, 'n'))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().renew(acquire("n", "one").value(), 0))), Code::kInvalidArgument);
}

}  // namespace concord::engines::coordination_contract
