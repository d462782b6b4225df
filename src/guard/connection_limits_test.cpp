#include "guard/connection_limits.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

#include "base/clock_testing.h"
#include "base/property_testing.h"

namespace concord::guard {
namespace {

using concord::testing::pick;
using concord::testing::Random;

class ConnectionLimitsTest : public ::testing::Test {
 protected:
  void open(std::size_t open, std::int64_t per_second) {
    limits_.emplace(Options{.connections_per_address = open,
                            .connections_per_second = per_second,
                            .proxies = TrustedProxies::parse("10.0.0.1", ProxyHeader::kXForwardedFor).value()},
                    clock_, metrics_);
  }
  /// How many of so many are taken; they stay open.
  int taken(int many, const std::string& address) {
    int count = 0;
    for (int i = 0; i < many; ++i)
      if (auto ticket = limits_->admit(address)) {
        tickets_.push_back(std::move(ticket));
        ++count;
      }
    return count;
  }

  concord::testing::ManualClock clock_;
  Metrics metrics_;
  std::optional<ConnectionLimits> limits_;
  std::vector<std::unique_ptr<net::ConnectionTicket>> tickets_;  // end before the limits
};

TEST_F(ConnectionLimitsTest, an_address_holds_so_many_and_gets_them_back) {
  open(3, 0);
  EXPECT_EQ(taken(5, "192.0.2.1"), 3);
  EXPECT_EQ(taken(5, "192.0.2.2"), 3);
  EXPECT_EQ(taken(5, "2001:db8::1") + taken(5, "2001:db8::2"), 3);
  EXPECT_EQ(limits_->addresses(), 3U);
  tickets_.erase(tickets_.begin());
  EXPECT_EQ(taken(5, "192.0.2.1"), 1);
  tickets_.clear();
  EXPECT_EQ(limits_->addresses(), 0U);
  EXPECT_NE(metrics_.prometheus_text().find(R"(concord_guard_connections_refused_total{limit="open"} 15)"),
            std::string::npos);
}

TEST_F(ConnectionLimitsTest, an_address_opens_so_many_a_second) {
  open(0, 10);
  EXPECT_EQ(taken(200, "192.0.2.1"), 50);
  clock_.advance_ms(1000);
  EXPECT_EQ(taken(200, "192.0.2.1"), 10);
  EXPECT_EQ(taken(200, "192.0.2.2"), 50);
}

TEST_F(ConnectionLimitsTest, proxies_and_zero_are_without_limit) {
  open(1, 1);
  EXPECT_EQ(taken(500, "10.0.0.1"), 500);
  tickets_.clear();
  open(0, 0);
  EXPECT_EQ(taken(500, "192.0.2.1"), 500);
  tickets_.clear();
}

TEST_F(ConnectionLimitsTest, counts_what_is_open_whatever_comes_and_goes) {
  concord::testing::for_each_seed(50, [this](Random& random) {
    const std::size_t most = pick(random, 1, 6);
    tickets_.clear();
    open(most, 0);
    std::map<std::string, std::vector<std::unique_ptr<net::ConnectionTicket>>> model;
    for (int i = 0; i < 300; ++i) {
      const std::string address = "192.0.2." + std::to_string(pick(random, 1, 4));
      auto& held = model[address];
      if (pick(random, 0, 2) == 0 && !held.empty()) {
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick(random, 0, held.size() - 1)));
        continue;
      }
      auto ticket = limits_->admit(address);
      ASSERT_EQ(ticket != nullptr, held.size() < most);
      if (ticket) held.push_back(std::move(ticket));
    }
  });
}

TEST_F(ConnectionLimitsTest, is_shared_by_threads) {
  open(100, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this] {
      for (int i = 0; i < 2000; ++i) {
        const auto one = limits_->admit("192.0.2.1");
        const auto other = limits_->admit("192.0.2." + std::to_string(i % 5));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limits_->addresses(), 0U);
}

}  // namespace
}  // namespace concord::guard
