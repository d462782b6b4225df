#include "redis/deliveries.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace concord::redis {
namespace {

SharedBytes message(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

/// A receiver whose first call waits until it is let go.
struct Held {
  std::atomic<bool> go = false;
  std::atomic<int> calls = 0;
  std::function<void(const SharedBytes&)> callback() {
    return [this](const SharedBytes&) {
      calls.fetch_add(1);
      go.wait(false);
    };
  }
  void wait_for_call() const {
    while (calls == 0) std::this_thread::yield();
  }
  void let_go() {
    go = true;
    go.notify_all();
  }
};

TEST(Deliveries, come_in_their_order) {
  constexpr int kMany = 1'000;
  std::atomic<int> seen = 0;
  std::vector<std::string> got;
  const auto receiver = std::make_shared<Receiver>(Receiver::Limits{.messages = kMany}, [&](const SharedBytes& one) {
    got.emplace_back(as_text(*one));
    seen.fetch_add(1);
    seen.notify_all();
  });
  Deliveries deliveries;
  for (int i = 0; i < kMany; ++i) EXPECT_TRUE(deliveries.push(receiver, message(std::to_string(i))));
  for (int now = seen; now < kMany; now = seen) seen.wait(now);
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(got[i], std::to_string(i));
}

TEST(Deliveries, what_is_over_a_slow_receivers_limits_is_lost) {
  Held held;
  const auto few = std::make_shared<Receiver>(Receiver::Limits{.messages = 2, .bytes = 100}, held.callback());
  Deliveries deliveries;
  EXPECT_TRUE(deliveries.push(few, message("called")));
  held.wait_for_call();
  EXPECT_TRUE(deliveries.push(few, message("1")));
  EXPECT_TRUE(deliveries.push(few, message("2")));
  EXPECT_FALSE(deliveries.push(few, message("3")));
  held.let_go();
  while (held.calls < 3) std::this_thread::yield();
}

TEST(Deliveries, bytes_are_bounded_but_for_one_message) {
  Held held;
  const auto few = std::make_shared<Receiver>(Receiver::Limits{.messages = 100, .bytes = 10}, held.callback());
  Deliveries deliveries;
  EXPECT_TRUE(deliveries.push(few, message("called")));
  held.wait_for_call();
  EXPECT_TRUE(deliveries.push(few, message("more than ten bytes")));
  EXPECT_FALSE(deliveries.push(few, message("")));
  held.let_go();
  while (held.calls < 2) std::this_thread::yield();
  while (!deliveries.push(few, message("0123456789"))) std::this_thread::yield();
}

TEST(Deliveries, closing_waits_for_a_call_under_way_and_none_comes_after) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> is_closed = false;
    std::atomic<int> calls = 0;
    const auto receiver = std::make_shared<Receiver>(Receiver::Limits{}, [&](const SharedBytes&) {
      EXPECT_FALSE(is_closed);
      calls.fetch_add(1);
    });
    Deliveries deliveries;
    for (int i = 0; i < 20; ++i) deliveries.push(receiver, message("x"));
    while (calls == 0) std::this_thread::yield();
    receiver->close();
    is_closed = true;
    EXPECT_FALSE(deliveries.push(receiver, message("late")));
  }
}

TEST(Deliveries, a_receiver_may_close_itself) {
  std::atomic<int> calls = 0;
  std::shared_ptr<Receiver> receiver;
  receiver = std::make_shared<Receiver>(Receiver::Limits{}, [&](const SharedBytes&) {
    receiver->close();
    calls.fetch_add(1);
  });
  Deliveries deliveries;
  EXPECT_TRUE(deliveries.push(receiver, message("1")));
  deliveries.push(receiver, message("2"));
  while (calls == 0) std::this_thread::yield();
  EXPECT_FALSE(deliveries.push(receiver, message("3")));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace concord::redis
