// Two nodes of one hub: identity and access twice, each with connections of its own, on one PostgreSQL and one Redis.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "access/access.h"
#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/file_system.h"
#include "engines/local_bus.h"
#include "identity/hub_testing.h"
#include "net/http.h"
#include "postgres/database_testing.h"
#include "postgres/postgres_tables.h"
#include "redis/redis_bus.h"
#include "redis/redis_server_testing.h"

namespace concord::access {
namespace {

using concord::testing::eventually;
using engines::testing::TemporaryDirectory;
using identity::testing::Reply;

class Node {
 public:
  /// `redis` empty: nothing comes by the bus.
  Node(const std::string& database, const std::string& redis) {
    postgres::PostgresTablesOptions options;
    options.pool.url = database;
    options.pool.connections = 3;
    tables_ = postgres::PostgresTables::open(std::move(options), clock_, ids_, Logger(), metrics_).value();
    if (redis.empty()) {
      bus_ = std::make_unique<engines::LocalBus>(engines::LocalBusOptions{}, clock_, metrics_);
    } else {
      bus_ = redis::open_redis_bus(redis::parse_redis_url(redis).value(), clock_, ids_, Logger(), metrics_).value();
    }
    changes_ = std::make_unique<changes::Changes>(
        changes::Options{}, changes::Changes::Dependencies{*tables_, *bus_, clock_, ids_, metrics_, Logger()});
    audit_ = std::make_unique<audit::Audit>(
        audit::Options{}, audit::Audit::Dependencies{*tables_, *files_, pool_, clock_, metrics_, Logger()});
    run(audit_->start(reactors_.at())).value();
    identity_ = std::make_unique<identity::Identity>(
        identity::testing::quick_options(), identity::Dependencies{*tables_, pool_, clock_, ids_, metrics_, Logger(),
                                                                   *audit_, nullptr, nullptr, nullptr, changes_.get()});
    run(identity_->start()).value();
    access_ =
        std::make_unique<Access>(Access::Dependencies{*tables_, *identity_, *audit_, clock_, metrics_, changes_.get()});
    run(access_->start()).value();
    identity_->on_session_ended([this](identity::SessionId session) { note(session.str()); });
    access_->on_change([this](const std::optional<std::string>& thing) { note(thing.value_or("any")); });
    run(changes_->start(reactors_.at())).value();
    identity_->add_routes(router_);
  }
  ~Node() {
    concord::testing::run_on(reactors_.at(), changes_->stop());
    concord::testing::run_on(reactors_.at(), audit_->stop());
    identity_->stop();
    pool_.stop();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  Reply call(std::string method, std::string path, std::string body = "", const std::string& bearer = "") {
    net::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.peer_address = "192.0.2.1";
    if (!bearer.empty()) request.headers.push_back({"authorization", "Bearer " + bearer});
    return concord::testing::run_on(reactors_.at(), handle(std::move(request)));
  }
  bool knows(std::string_view token) { return run(identity_->authenticate_bearer(token)).has_value(); }
  Level level(const identity::Actor& who, const std::string& thing) {
    return run(access_->decide(who, thing)).value().level;
  }
  bool was_told(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(told_, what) != told_.end();
  }
  void forget_told() {
    const std::lock_guard lock(mutex_);
    told_.clear();
  }
  Access& access() { return *access_; }
  engines::Rows sql(std::string statement, std::vector<engines::Value> arguments = {}) {
    return run(tables_->query({std::move(statement), std::move(arguments)})).value();
  }

 private:
  asio::awaitable<Reply> handle(net::Request request) {
    const auto match = router_.match(request.method, request.path);
    if (match.route == nullptr) co_return Reply{.status = 404};
    request.parameters = match.parameters;
    auto response = co_await match.route->handler(std::move(request));
    if (!response) co_return Reply{.status = 400, .error = response.error()};
    co_return Reply{.status = response->status, .body = response->body};
  }
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(what));
  }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  std::mutex mutex_;
  std::vector<std::string> told_;  // guarded by mutex_
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<engines::Bus> bus_;
  BlockingPool pool_{2};
  std::unique_ptr<changes::Changes> changes_;
  std::unique_ptr<audit::Audit> audit_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<Access> access_;
  net::Router router_;
};

redis::testing::RedisServer& redis_server() {
  static redis::testing::RedisServer server;
  return server;
}

/// With the bus and without it: what is told by the bus at once is told by the tables a little later.
class ManyNodes : public ::testing::TestWithParam<bool> {
 protected:
  struct SignedIn {
    std::string token;
    std::string user;
  };
  SignedIn sign_up(Node& node, const std::string& email) {
    const Reply reply = node.call("POST", "/auth/register", R"({"email":")" + email + R"(","password":"long enough"})");
    EXPECT_EQ(reply.status, 201) << reply.error.message;
    return {reply.text("access_token"), reply.user("id")};
  }
  SignedIn sign_in(Node& node, const std::string& email) {
    const Reply reply = node.call("POST", "/auth/login", R"({"email":")" + email + R"(","password":"long enough"})");
    EXPECT_EQ(reply.status, 200) << reply.error.message;
    return {reply.text("access_token"), reply.user("id")};
  }

  TemporaryDirectory directory_;
  const std::string database_ = postgres::testing::database_url(directory_.path());
  const std::string redis_ = GetParam() ? redis_server().url() : "";
  Node a_{database_, redis_};
  Node b_{database_, redis_};
  const SignedIn owner_ = sign_up(a_, "owner@example.com");
  const SignedIn member_ = sign_up(b_, "member@example.com");
};

TEST_P(ManyNodes, what_one_node_issues_the_other_takes) {
  EXPECT_TRUE(b_.knows(owner_.token));
  EXPECT_TRUE(a_.knows(member_.token));
}

TEST_P(ManyNodes, a_session_that_ends_on_one_node_ends_on_the_other) {
  ASSERT_TRUE(b_.knows(owner_.token));
  ASSERT_TRUE(b_.knows(owner_.token));  // from what it remembers
  const SignedIn again = sign_in(a_, "owner@example.com");
  EXPECT_EQ(a_.call("DELETE", "/auth/sessions", "", again.token).status / 100, 2);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually([&] { return !b_.knows(owner_.token); }));
  EXPECT_TRUE(b_.knows(again.token));
  RecordProperty(
      "ms",
      static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count()));
}

TEST_P(ManyNodes, an_account_that_is_deactivated_is_out_everywhere) {
  ASSERT_TRUE(a_.knows(member_.token));
  ASSERT_TRUE(b_.knows(member_.token));
  ASSERT_EQ(b_.call("POST", "/users/" + member_.user + "/deactivate", "", owner_.token).status / 100, 2);
  EXPECT_TRUE(eventually([&] { return !a_.knows(member_.token); }));
}

TEST_P(ManyNodes, an_account_that_is_removed_is_out_everywhere) {
  ASSERT_TRUE(a_.knows(member_.token));
  ASSERT_EQ(b_.call("DELETE", "/auth/me", R"({"password":"long enough"})", member_.token).status / 100, 2);
  EXPECT_TRUE(eventually([&] { return !a_.knows(member_.token); }));
  EXPECT_EQ(a_.sql("SELECT 1 FROM identity_users WHERE id = $1", {member_.user}).rows.size(), 0U);
}

TEST_P(ManyNodes, a_grant_that_is_taken_back_on_one_node_lets_nobody_in_on_the_other) {
  const std::string thing = "doc_thing";
  const UserId owner = *UserId::parse(owner_.user);
  const identity::Actor member{*UserId::parse(member_.user)};
  a_.sql("INSERT INTO access_things (id, owner, folder) VALUES ($1, $2, '')", {thing, owner_.user});
  ASSERT_TRUE(a_.run(a_.access().grant(thing, {member_.user, Level::kWrite}, {owner, "", ""})));
  ASSERT_TRUE(eventually([&] { return b_.level(member, thing) == Level::kWrite; }));
  b_.forget_told();
  ASSERT_TRUE(a_.run(a_.access().grant(thing, {member_.user, Level::kRead}, {owner, "", ""})));
  EXPECT_TRUE(eventually([&] { return b_.level(member, thing) == Level::kRead; }));
  EXPECT_TRUE(eventually([&] { return b_.was_told(thing); }));  // so that live sessions are lowered
  ASSERT_TRUE(a_.run(a_.access().revoke(thing, member_.user, {owner, "", ""})));
  EXPECT_TRUE(eventually([&] { return b_.level(member, thing) == Level::kNone; }));
}

TEST_P(ManyNodes, a_signing_key_that_is_renewed_at_once_counts_everywhere) {
  ASSERT_TRUE(b_.knows(owner_.token));
  ASSERT_EQ(a_.call("POST", "/auth/keys", R"({"at_once":true})", owner_.token).status, 201);
  EXPECT_TRUE(eventually([&] { return !b_.knows(owner_.token); }));
  const SignedIn again = sign_in(a_, "owner@example.com");
  EXPECT_TRUE(eventually([&] { return b_.knows(again.token); }));
}

INSTANTIATE_TEST_SUITE_P(Bus, ManyNodes, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "ByRedis" : "ByTables"; });

}  // namespace
}  // namespace concord::access
