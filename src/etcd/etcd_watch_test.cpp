// Watches and calls across a network that breaks, an etcd that starts again, and a store that was compacted.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>

#include "base/waiting_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"
#include "net/tcp_proxy_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::eventually;
using net::testing::TcpProxy;
using testing::EtcdServer;
using testing::Node;
using testing::Ownership;
using testing::Told;

class EtcdWatch : public ::testing::Test {
 protected:
  EtcdOptions behind_proxy() const {
    return {.endpoints = "127.0.0.1:" + std::to_string(proxy_.port()),
            .call_timeout_ms = 20'000,
            .attempt_timeout_ms = 500,
            .probe_interval_ms = 100,
            .backoff_most_ms = 200};
  }

  EtcdServer server_;
  TcpProxy proxy_{server_.port(0)};
  Node writing_{server_.endpoints()};
  Node watching_{behind_proxy()};
  Told told_;
};

TEST_F(EtcdWatch, nothing_is_lost_or_repeated_across_a_broken_network) {
  const auto watch = watching_.watch("n", told_.callback()).value();
  std::vector<std::string> expected;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "n" + std::to_string(i);
    const Ownership held = writing_.acquire(name, "before").value();
    expected.push_back(name + "=before");
    ASSERT_TRUE(eventually([&] { return told_.changes().size() >= expected.size(); }));
    proxy_.cut();
    ASSERT_TRUE(writing_.release(held));
    ASSERT_TRUE(writing_.acquire(name, "meanwhile"));
    proxy_.mend();
    ASSERT_TRUE(writing_.acquire(name + "-", "after"));
    expected.insert(expected.end(), {name + "=", name + "=meanwhile", name + "-=after"});
  }
  EXPECT_TRUE(told_.are(expected)) << ::testing::PrintToString(told_.changes());
  EXPECT_GE(watching_.counter("concord_etcd_watch_restarts_total"), 5U);
  EXPECT_EQ(watching_.counter("concord_etcd_watch_rereads_total"), 0U);
}

TEST_F(EtcdWatch, nothing_is_lost_or_repeated_where_etcd_starts_again) {
  const auto watch = watching_.watch("n", told_.callback()).value();
  std::vector<std::string> expected;
  for (int i = 0; i < 3; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_TRUE(writing_.acquire(name, "before"));
    server_.process(0).stop(SIGKILL);
    server_.process(0).start();
    ASSERT_TRUE(eventually([&] { return writing_.acquire(name + "-", "after").has_value(); }));
    expected.insert(expected.end(), {name + "=before", name + "-=after"});
    ASSERT_TRUE(told_.are(expected)) << ::testing::PrintToString(told_.changes());
  }
}

TEST_F(EtcdWatch, what_was_compacted_is_read_again_and_only_what_differs_is_told) {
  const Ownership released = writing_.acquire("n/released", "one").value();
  const Ownership passed_on = writing_.acquire("n/passed-on", "one").value();
  ASSERT_TRUE(writing_.acquire("n/stays", "one"));
  const auto watch = watching_.watch("n/", told_.callback()).value();
  ASSERT_TRUE(writing_.acquire("n/told", "one"));
  ASSERT_TRUE(told_.are({"n/told=one"}));

  proxy_.cut();
  ASSERT_TRUE(writing_.release(released));
  ASSERT_TRUE(writing_.release(passed_on));
  ASSERT_TRUE(writing_.acquire("n/passed-on", "two"));
  ASSERT_TRUE(writing_.acquire("n/new", "two"));
  ASSERT_TRUE(writing_.release(writing_.acquire("n/came-and-went", "two").value()));
  server_.compact();
  proxy_.mend();

  const std::vector<std::string> caught_up = {"n/told=one", "n/released=", "n/new=two", "n/passed-on=two"};
  EXPECT_TRUE(told_.are(caught_up)) << ::testing::PrintToString(told_.changes());
  EXPECT_GE(watching_.counter("concord_etcd_watch_rereads_total"), 1U);
  ASSERT_TRUE(writing_.acquire("n/later", "two"));
  std::vector<std::string> expected = caught_up;
  expected.emplace_back("n/later=two");
  EXPECT_TRUE(told_.are(expected)) << ::testing::PrintToString(told_.changes());
}

TEST_F(EtcdWatch, a_connection_over_which_nothing_comes_any_more_is_given_up) {
  const auto watch = watching_.watch("n", told_.callback()).value();
  const Ownership held = watching_.acquire("n", "one").value();
  ASSERT_TRUE(told_.are({"n=one"}));
  proxy_.lose();
  EXPECT_TRUE(eventually([&] { return watching_.renew(held).has_value(); }));
  ASSERT_TRUE(writing_.acquire("n2", "two"));
  EXPECT_TRUE(told_.are({"n=one", "n2=two"})) << ::testing::PrintToString(told_.changes());
}

TEST_F(EtcdWatch, a_lease_of_another_length_is_no_change_of_hands) {
  const auto watch = watching_.watch("n", told_.callback()).value();
  const Ownership held = writing_.acquire("n", "one", 60'000).value();
  for (const std::int64_t ttl_ms : {120'000, 30'000}) {
    const std::int64_t before_ns = writing_.now_ns();
    const Result<Ownership> renewed = writing_.renew(held, ttl_ms);
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(renewed->epoch, held.epoch);
    EXPECT_GE(renewed->expires_ns, before_ns + ttl_ms * 1'000'000);
    EXPECT_LE(renewed->expires_ns, writing_.now_ns() + ttl_ms * 1'000'000);
  }
  ASSERT_TRUE(writing_.renew(held, 1000));
  EXPECT_TRUE(told_.are({"n=one", "n="})) << "the lease of the last renewal is the one that holds";
}

TEST_F(EtcdWatch, a_watch_that_is_gone_while_its_stream_is_broken_is_not_called) {
  auto watch = watching_.watch("n", told_.callback()).value();
  proxy_.cut();
  watch.reset();
  proxy_.mend();
  ASSERT_TRUE(writing_.acquire("n", "one"));
  Told later;
  const auto second = watching_.watch("n", later.callback()).value();
  ASSERT_TRUE(writing_.acquire("n", "one"));
  ASSERT_TRUE(later.are({"n=one"}));
  EXPECT_TRUE(told_.changes().empty());
}

TEST_F(EtcdWatch, a_watch_may_end_in_its_own_callback_and_outlive_its_driver) {
  std::unique_ptr<engines::Watch> ended;
  std::atomic<int> calls = 0;
  std::promise<void> has_watch;
  ended = watching_
              .watch("n",
                     [&, ready = has_watch.get_future().share()](const std::string&, const auto&) {
                       ready.wait();
                       ended.reset();
                       ++calls;
                     })
              .value();
  has_watch.set_value();
  auto outliving = watching_.watch("n", told_.callback()).value();
  ASSERT_TRUE(writing_.acquire("n", "one"));
  ASSERT_TRUE(told_.are({"n=one"}));
  ASSERT_TRUE(writing_.acquire("n", "one"));
  ASSERT_TRUE(told_.are({"n=one", "n=one"}));
  EXPECT_EQ(calls, 1);
  watching_.die();
  ASSERT_TRUE(writing_.acquire("n", "one"));
  outliving.reset();
  EXPECT_EQ(told_.changes().size(), 2U);
}

}  // namespace
}  // namespace concord::etcd
