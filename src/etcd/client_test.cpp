// What the driver relies on in etcd, and how a call ends, on a real etcd of one member.

#include "etcd/client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "base/waiting_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::eventually;
using engines::testing::code_of;

class EtcdClient : public ::testing::Test {
 protected:
  ~EtcdClient() override { client_->close(); }

  void open(EtcdOptions options) {
    if (client_) client_->close();
    options.endpoints = server_.endpoints();
    client_ = Client::open(options, context_.clock, context_.ids, Logger(), context_.metrics).value();
  }
  template <class Request>
  Result<typename Request::Reply> call(Request request) {
    return engines::testing::run_on(reactors_.at(), client_->call(std::move(request)));
  }
  template <class Request>
  std::future<Result<typename Request::Reply>> start(Request request) {
    using Reply = Result<typename Request::Reply>;
    auto promise = std::make_shared<std::promise<Reply>>();  // shared with the callback, which must be copyable
    auto future = promise->get_future();
    asio::co_spawn(reactors_.at().context(), client_->call(std::move(request)),
                   [promise](const std::exception_ptr&, Reply reply) { promise->set_value(std::move(reply)); });
    return future;
  }
  LeaseId granted() {
    const LeaseId lease = client_->new_lease();
    EXPECT_TRUE(call(GrantRequest{lease, 60}));
    return lease;
  }
  std::int64_t in_flight() { return context_.metrics.gauge("concord_etcd_calls_in_flight", "").value(); }

  testing::EtcdServer server_;
  engines::testing::DriverContext context_;
  engines::testing::RunningReactors reactors_;
  std::shared_ptr<Client> client_;
};

TEST_F(EtcdClient, a_request_that_comes_twice_is_known_again) {
  open({});
  const LeaseId lease = granted();
  EXPECT_EQ(code_of(call(GrantRequest{lease, 60})), Code::kConflict);
  const PutRequest put{"k", "v", lease, Revision{}};
  const PutReply first = call(put).value();
  ASSERT_TRUE(first.put);
  const PutReply second = call(put).value();
  EXPECT_FALSE(second.put);
  ASSERT_TRUE(second.found);
  EXPECT_EQ(second.found->lease, lease);
  EXPECT_EQ(second.found->revision, first.revision);
  EXPECT_EQ(second.found->value, "v");
}

TEST_F(EtcdClient, a_lease_that_has_ended_holds_nothing) {
  open({});
  const LeaseId lease = granted();
  ASSERT_TRUE(call(PutRequest{"k", "v", lease, Revision{}}).value().put);
  EXPECT_EQ(call(KeepAliveRequest{lease}).value().ttl_s, 60);
  ASSERT_TRUE(call(RevokeRequest{lease}));
  EXPECT_TRUE(call(RangeRequest{.key = "k"}).value().keys.empty());
  EXPECT_EQ(call(KeepAliveRequest{lease}).value().ttl_s, 0);
  EXPECT_EQ(code_of(call(RevokeRequest{lease})), Code::kNotFound);
  EXPECT_EQ(code_of(call(PutRequest{"k", "v", lease, Revision{}})), Code::kNotFound);
  EXPECT_TRUE(call(RangeRequest{.key = "k"}).value().keys.empty());
}

TEST_F(EtcdClient, a_put_replaces_only_the_revision_that_it_names) {
  open({});
  const Revision first = call(PutRequest{"k", "1", granted(), Revision{}}).value().revision;
  const PutReply second = call(PutRequest{"k", "2", granted(), first}).value();
  EXPECT_TRUE(second.put);
  EXPECT_GT(second.revision, first);
  const PutReply late = call(PutRequest{"k", "3", granted(), first}).value();
  EXPECT_FALSE(late.put);
  EXPECT_EQ(late.found->value, "2");
  EXPECT_FALSE(call(PutRequest{"none", "1", granted(), first}).value().found);
}

TEST_F(EtcdClient, a_revision_that_was_compacted_cannot_be_read) {
  open({});
  const Revision first = call(PutRequest{"k", "1", granted(), Revision{}}).value().revision;
  ASSERT_TRUE(call(PutRequest{"k", "2", granted(), first}).value().put);
  EXPECT_EQ(call(RangeRequest{"k", "", 1, first}).value().keys.front().value, "1");
  server_.compact();
  EXPECT_EQ(code_of(call(RangeRequest{"k", "", 1, first})), Code::kConflict);
}

TEST_F(EtcdClient, more_calls_than_its_limit_are_refused) {
  open({.call_timeout_ms = 60'000, .attempt_timeout_ms = 60'000, .max_calls = 2});
  ASSERT_TRUE(call(RangeRequest{.key = "k"}));
  server_.process(0).pause();
  auto one = start(RangeRequest{.key = "k"});
  auto two = start(RangeRequest{.key = "k"});
  ASSERT_TRUE(eventually([&] { return in_flight() == 2; }));
  const auto refused = call(RangeRequest{.key = "k"});
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_EQ(refused.error().context.front().second, "ETCD_MAX_CALLS");
  server_.process(0).resume();
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_TRUE(call(RangeRequest{.key = "k"}));
  EXPECT_EQ(in_flight(), 0);
}

TEST_F(EtcdClient, closing_ends_what_is_under_way_and_refuses_what_comes_after) {
  open({.call_timeout_ms = 3'600'000, .attempt_timeout_ms = 3'600'000});
  ASSERT_TRUE(call(RangeRequest{.key = "k"}));
  server_.process(0).pause();
  auto waiting = start(RangeRequest{.key = "k"});
  auto renewing = start(KeepAliveRequest{LeaseId{1}});
  ASSERT_TRUE(eventually([&] { return in_flight() == 2; }));
  client_->close();
  EXPECT_EQ(code_of(waiting.get()), Code::kUnavailable);
  EXPECT_EQ(code_of(renewing.get()), Code::kUnavailable);
  EXPECT_EQ(code_of(call(RangeRequest{.key = "k"})), Code::kUnavailable);
}

}  // namespace
}  // namespace concord::etcd
