#pragma once
// What every driver of the `bus` port promises: a suite that a driver's own tests instantiate in
// `concord::engines::bus_contract`, in one source of a test program.

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>

#include "base/waiting_testing.h"
#include "engines/bus.h"
#include "engines/contract_testing.h"

namespace concord::engines::bus_contract {

using concord::testing::eventually;
using testing::code_of;
using testing::Driver;
using testing::DriverContext;

inline SharedBytes shared(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

/// What one subscriber received.
class Inbox {
 public:
  Bus::OnMessage receiver() {
    return [this](const SharedBytes& message) {
      EXPECT_EQ(calls_.fetch_add(1), 0) << "two calls at a time";
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(as_text(*message));
      calls_.fetch_sub(1);
    };
  }
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::size_t size() const { return messages().size(); }

 private:
  std::atomic<int> calls_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
};

class BusContract : public testing::ContractTest<Bus> {
 protected:
  Result<> publish(std::string channel, std::string_view text) {
    return run(port().publish(std::move(channel), shared(text)));
  }
  std::unique_ptr<Subscription> subscribe(std::string channel, Inbox& inbox) {
    return run(port().subscribe(std::move(channel), inbox.receiver())).value();
  }
  std::int64_t ttl() const { return GetParam().shortest_ttl_ms; }
  std::optional<std::string> get(std::string key) {
    const auto value = run(port().get(std::move(key))).value();
    if (!value) return std::nullopt;
    return std::string(as_text(*value));
  }
};

TEST_P(BusContract, every_subscriber_of_the_channel_gets_the_message) {
  Inbox first;
  Inbox second;
  Inbox other;
  const auto a = subscribe("news", first);
  const auto b = subscribe("news", second);
  const auto c = subscribe("news/more", other);
  ASSERT_TRUE(publish("news", "one"));
  ASSERT_TRUE(publish("news", std::string("two\0", 4)));
  const std::vector<std::string> expected = {"one", std::string("two\0", 4)};
  EXPECT_TRUE(eventually([&] { return first.messages() == expected && second.messages() == expected; }));
  EXPECT_EQ(other.size(), 0U);
}

TEST_P(BusContract, publishing_to_nobody_succeeds) { EXPECT_TRUE(publish("nobody", "x")); }

inline Task<> publish_many(Bus& bus, std::string channel, std::string name, int count) {
  for (int i = 0; i < count; ++i) CO_TRY_VOID(co_await bus.publish(channel, shared(name + ":" + std::to_string(i))));
  co_return Result<>();
}

TEST_P(BusContract, messages_of_one_publisher_come_in_its_order_one_call_at_a_time) {
  Inbox inbox;
  const auto subscription = subscribe("c", inbox);
  std::vector<std::future<Result<>>> running;
  running.reserve(6);
  for (std::size_t i = 0; i < 6; ++i) running.push_back(start(i, publish_many(port(), "c", std::to_string(i), 200)));
  for (auto& each : running) ASSERT_TRUE(each.get());
  ASSERT_TRUE(eventually([&] { return inbox.size() == 1200; }));
  std::map<std::string, int> next;
  for (const std::string& message : inbox.messages()) {
    const std::size_t colon = message.find(':');
    EXPECT_EQ(message.substr(colon + 1), std::to_string(next[message.substr(0, colon)]++));
  }
}

TEST_P(BusContract, a_subscription_that_is_gone_is_not_called) {
  for (int round = 0; round < 30; ++round) {
    auto alive = std::make_shared<std::atomic<bool>>(true);  // shared with a callback that may come too late
    std::atomic<int> seen = 0;
    auto subscription = run(port().subscribe("c", [alive, &seen](const SharedBytes&) {
                          EXPECT_TRUE(alive->load());
                          seen.fetch_add(1);
                        })).value();
    auto publishing = start(1, publish_many(port(), "c", "x", 100));
    if (round % 2 == 0) eventually([&] { return seen > 3; });
    subscription.reset();
    alive->store(false);
    ASSERT_TRUE(publishing.get());
  }
}

TEST_P(BusContract, a_subscription_may_end_in_its_own_callback) {
  std::unique_ptr<Subscription> subscription;
  std::atomic<int> calls = 0;
  subscription = run(port().subscribe("c", [&](const SharedBytes&) {
                   calls.fetch_add(1);
                   subscription.reset();
                 })).value();
  ASSERT_TRUE(publish("c", "one"));
  ASSERT_TRUE(publish("c", "two"));
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
  EXPECT_EQ(subscription, nullptr);
}

TEST_P(BusContract, a_slow_subscriber_does_not_hold_up_the_publisher_for_good) {
  std::atomic<bool> go_on = false;
  std::atomic<int> calls = 0;
  const auto slow = run(port().subscribe("c", [&](const SharedBytes&) {
                      calls.fetch_add(1);
                      while (!go_on) std::this_thread::yield();
                    })).value();
  auto first = start(1, port().publish("c", shared("0")));
  ASSERT_TRUE(eventually([&] { return calls == 1; }));
  ASSERT_TRUE(run(publish_many(port(), "c", "x", 6'000)));  // beside the one that is stuck
  go_on = true;
  ASSERT_TRUE(first.get());
  EXPECT_TRUE(eventually([&] { return calls > 1; }));
}

TEST_P(BusContract, a_key_holds_what_was_set_last) {
  EXPECT_EQ(get("k"), std::nullopt);
  ASSERT_TRUE(run(port().set("k", to_bytes("one"), 60'000)));
  ASSERT_TRUE(run(port().set("k", to_bytes(""), 60'000)));
  EXPECT_EQ(get("k"), "");
  ASSERT_TRUE(run(port().erase("k")));
  EXPECT_EQ(get("k"), std::nullopt);
  EXPECT_TRUE(run(port().erase("k")));
}

TEST_P(BusContract, a_key_is_gone_when_its_time_is_up) {
  ASSERT_TRUE(run(port().set("short", to_bytes("x"), ttl())));
  ASSERT_TRUE(run(port().set("long", to_bytes("x"), 600'000)));
  EXPECT_EQ(get("short"), "x");
  EXPECT_TRUE(eventually([&] { return !get("short"); }));
  EXPECT_EQ(get("long"), "x");
  EXPECT_EQ(run(port().list("", 10))->size(), 1U);
}

TEST_P(BusContract, setting_a_key_again_gives_it_new_time) {
  ASSERT_TRUE(run(port().set("k", to_bytes("x"), ttl())));
  ASSERT_TRUE(run(port().set("k", to_bytes("y"), 600'000)));
  std::this_thread::sleep_for(std::chrono::milliseconds(ttl() * 3 / 2));
  EXPECT_EQ(get("k"), "y");
}

TEST_P(BusContract, keys_are_listed_by_prefix) {
  for (const char* key : {"p/1", "p/2", "p/3", "q/1", "p"}) ASSERT_TRUE(run(port().set(key, to_bytes(key), 60'000)));
  auto pairs = run(port().list("p/", 10)).value();
  std::ranges::sort(pairs, {}, &Bus::Pair::key);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[1].key, "p/2");
  EXPECT_EQ(as_text(pairs[1].value), "p/2");
  EXPECT_EQ(run(port().list("p/", 2))->size(), 2U);
  EXPECT_EQ(run(port().list("", 10))->size(), 5U);
  EXPECT_TRUE(run(port().list("none", 10))->empty());
}

inline Task<> add_many(Bus& bus, int count) {
  for (int i = 0; i < count; ++i) CO_TRY_VOID(co_await bus.add("n", 1, 60'000));
  co_return Result<>();
}

TEST_P(BusContract, a_counter_adds_up_from_everywhere) {
  std::vector<std::future<Result<>>> running;
  running.reserve(6);
  for (std::size_t i = 0; i < 6; ++i) running.push_back(start(i, add_many(port(), 100)));
  for (auto& each : running) ASSERT_TRUE(each.get());
  EXPECT_EQ(run(port().add("n", -50, 60'000)).value(), 550);
  ASSERT_TRUE(run(port().set("n", to_bytes("not the counter"), 60'000)));
  EXPECT_EQ(run(port().add("n", 0, 60'000)).value(), 550);
}

TEST_P(BusContract, a_counter_expires_after_its_first_addition_whatever_is_added_later) {
  EXPECT_EQ(run(port().add("n", 5, ttl())).value(), 5);
  EXPECT_EQ(run(port().add("n", 5, 600'000)).value(), 10);
  EXPECT_TRUE(eventually([&] { return run(port().add("n", 0, ttl())).value() == 0; }));
}

TEST_P(BusContract, a_bucket_is_full_at_first_and_owes_what_was_taken_beyond_it) {
  const Bus::Filling slow{.per_minute = 1, .burst = 100};
  const auto take = [&](std::string bucket, std::int64_t tokens) {
    return run(port().take(std::move(bucket), tokens, slow)).value();
  };
  EXPECT_EQ(take("b", 0), 100);
  EXPECT_EQ(take("b", 30), 70);
  EXPECT_EQ(take("other", 1), 99);
  EXPECT_EQ(take("b", 90), -20);
  EXPECT_EQ(take("b", 1'000'000), -100);
  EXPECT_LE(take("b", 0), -99);
  ASSERT_TRUE(run(port().set("b", to_bytes("not the bucket"), 60'000)));
  EXPECT_EQ(run(port().add("b", 5, 60'000)).value(), 5);
  EXPECT_LE(take("b", 0), -99);
}

TEST_P(BusContract, a_bucket_fills_with_time_and_not_beyond_its_burst) {
  const Bus::Filling quick{.per_minute = 600'000, .burst = 1000};  // full after a tenth of a second
  EXPECT_LE(run(port().take("b", 1000, quick)).value(), 500);
  EXPECT_TRUE(eventually([&] { return run(port().take("b", 0, quick)).value() == 1000; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(run(port().take("b", 0, quick)).value(), 1000);
}

inline Task<> take_many(Bus& bus, int count) {
  for (int i = 0; i < count; ++i) CO_TRY_VOID(co_await bus.take("b", 1, {.per_minute = 1, .burst = 10'000}));
  co_return Result<>();
}

TEST_P(BusContract, a_bucket_is_taken_from_everywhere) {
  std::vector<std::future<Result<>>> running;
  running.reserve(6);
  for (std::size_t i = 0; i < 6; ++i) running.push_back(start(i, take_many(port(), 100)));
  for (auto& each : running) ASSERT_TRUE(each.get());
  const std::int64_t left = run(port().take("b", 0, {.per_minute = 1, .burst = 10'000})).value();
  EXPECT_GE(left, 9400);
  EXPECT_LE(left, 9410);
}

TEST_P(BusContract, a_name_a_time_or_a_size_out_of_bounds_is_refused) {
  const std::string long_name(513, 'x');
  for (const std::string& name : {std::string(), long_name}) {
    EXPECT_EQ(code_of(publish(name, "x")), Code::kInvalidArgument);
    EXPECT_EQ(code_of(run(port().subscribe(name, [](const SharedBytes&) {}))), Code::kInvalidArgument);
    EXPECT_EQ(code_of(run(port().set(name, {}, 1000))), Code::kInvalidArgument);
    EXPECT_EQ(code_of(run(port().get(name))), Code::kInvalidArgument);
    EXPECT_EQ(code_of(run(port().erase(name))), Code::kInvalidArgument);
    EXPECT_EQ(code_of(run(port().add(name, 1, 1000))), Code::kInvalidArgument);
  }
  for (const auto& [tokens, per_minute, burst] : std::vector<std::array<std::int64_t, 3>>{
           {-1, 1, 1}, {kMostBusTokens + 1, 1, 1}, {1, 0, 1}, {1, kMostBusTokens + 1, 1}, {1, 1, 0}})
    EXPECT_EQ(code_of(run(port().take("b", tokens, {per_minute, burst}))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().take("", 1, {}))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().set("k", {}, 0))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().add("n", 1, -1))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().publish("c", nullptr))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().publish("c", std::make_shared<const Bytes>(kMaxBusValueBytes + 1)))), Code::kTooLarge);
  EXPECT_EQ(code_of(run(port().set("k", Bytes(kMaxBusValueBytes + 1), 1000))), Code::kTooLarge);
  ASSERT_TRUE(run(port().add("n", std::numeric_limits<std::int64_t>::max(), 60'000)));
  EXPECT_EQ(code_of(run(port().add("n", 1, 60'000))), Code::kInvalidArgument);
  EXPECT_EQ(run(port().add("n", 0, 60'000)).value(), std::numeric_limits<std::int64_t>::max());
}

}  // namespace concord::engines::bus_contract
