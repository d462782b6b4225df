#include "guard/request_limits.h"

#include <gtest/gtest.h>

#include <map>

#include "base/clock_testing.h"
#include "base/reactor_testing.h"

namespace concord::guard {
namespace {

constexpr std::string_view kVisitor = "usr_01ke3m0q6dfgwvh8znx5n4p2rw";

/// Tokens that are users' identifiers, one of which stands for a link; one has to be checked before it is known.
class TokensThatNameUsers final : public Callers {
 public:
  std::optional<Caller> known(std::string_view token) override {
    const auto found = checked_.find(std::string(token));
    return found == checked_.end() ? std::nullopt : std::optional(found->second);
  }
  asio::awaitable<std::optional<Caller>> check(std::string token) override {
    ++checks;
    const auto user = UserId::parse(token);
    if (!user) co_return std::nullopt;
    co_return checked_.emplace(token, Caller{*user, token == kVisitor, nullptr}).first->second;
  }
  int checks = 0;

 private:
  std::map<std::string, Caller> checked_;
};

constexpr std::string_view kAda = "usr_01ke3m0q6dfgwvh8znx5n4p2rt";
constexpr std::string_view kBob = "usr_01ke3m0q6dfgwvh8znx5n4p2rv";

class RequestLimitsTest : public ::testing::Test {
 protected:
  RequestLimits::Admission ask(std::string_view token, std::string address = "192.0.2.1",
                               net::Rate rate = net::Rate::kCaller) {
    net::Request request;
    request.peer_address = std::move(address);
    if (!token.empty()) request.headers.push_back({"authorization", "Bearer " + std::string(token)});
    RequestLimits::Admission admission = limits_.admit(request, rate);
    if (!admission.unchecked) return admission;
    return concord::testing::run_on(reactors_.at(),
                                    limits_.check(std::string(token_of(request)), request.peer_address, admission));
  }
  /// A request to a session that is polled, or, without an identifier, to open one.
  RequestLimits::Admission poll(std::string_view sid) {
    net::Request request;
    request.peer_address = "192.0.2.1";
    if (!sid.empty()) request.query.emplace_back("sid", sid);
    return limits_.admit(request, net::Rate::kSession);
  }
  /// How many of so many are allowed.
  int allowed(int many, std::string_view token, const std::string& address = "192.0.2.1",
              net::Rate rate = net::Rate::kCaller) {
    int count = 0;
    for (int i = 0; i < many; ++i) count += ask(token, address, rate).taken.allowed ? 1 : 0;
    return count;
  }

  concord::testing::RunningReactors reactors_;
  concord::testing::ManualClock clock_;
  Metrics metrics_;
  TokensThatNameUsers tokens_;
  RequestLimits limits_{
      {.user_per_minute = 30, .anonymous_per_minute = 20, .sign_in_per_minute = 10, .polls_per_minute = 40},
      tokens_,
      clock_,
      metrics_};
};

TEST_F(RequestLimitsTest, a_user_has_a_rate_wherever_the_user_is) {
  EXPECT_EQ(allowed(20, kAda, "192.0.2.1") + allowed(20, kAda, "192.0.2.2"), 30);
  EXPECT_EQ(allowed(40, kBob), 30);
  clock_.advance_ms(2000);
  EXPECT_EQ(allowed(5, kAda), 1);
  EXPECT_EQ(tokens_.checks, 2);
}

TEST_F(RequestLimitsTest, who_shows_no_token_is_counted_by_the_address) {
  EXPECT_EQ(allowed(30, "", "2001:db8::1") + allowed(30, "", "2001:db8::2"), 20);
  EXPECT_EQ(allowed(30, "", "2001:db8:0:1::1"), 20);
  EXPECT_EQ(allowed(40, kAda, "2001:db8::1"), 30);  // and keeps no user out
}

TEST_F(RequestLimitsTest, who_came_by_a_link_is_counted_by_the_address_and_takes_nothing_from_its_maker) {
  EXPECT_EQ(allowed(30, kVisitor, "192.0.2.1"), 20);
  EXPECT_EQ(allowed(30, kVisitor, "192.0.2.2"), 20);
  EXPECT_EQ(allowed(30, ""), 20);
  EXPECT_EQ(ask(kVisitor).policy, "anonymous");
}

TEST_F(RequestLimitsTest, tokens_that_are_no_good_are_checked_no_more_often_than_the_rate) {
  EXPECT_EQ(allowed(100, "forged"), 20);
  EXPECT_EQ(tokens_.checks, 20);
  EXPECT_EQ(allowed(30, ""), 20);  // with none it is another count
  EXPECT_TRUE(ask(kBob, "192.0.2.2").taken.allowed);
}

TEST_F(RequestLimitsTest, signing_in_has_a_rate_of_its_own) {
  EXPECT_EQ(allowed(30, "", "192.0.2.1", net::Rate::kSignIn), 10);
  EXPECT_EQ(allowed(30, "", "192.0.2.1"), 20);
  EXPECT_EQ(ask("", "192.0.2.1", net::Rate::kNone).policy, "");
}

TEST_F(RequestLimitsTest, polling_an_open_session_takes_from_a_rate_of_its_own) {
  int polled = 0;
  for (int i = 0; i < 60; ++i) polled += poll("some").taken.allowed ? 1 : 0;
  EXPECT_EQ(polled, 40);
  EXPECT_EQ(poll("some").policy, "poll");
  EXPECT_EQ(allowed(20, ""), 20);  // of which it took nothing
  EXPECT_FALSE(poll("").taken.allowed);
  EXPECT_EQ(poll("").policy, "anonymous");
}

TEST_F(RequestLimitsTest, zero_is_without_limit) {
  RequestLimits none({.user_per_minute = 0, .anonymous_per_minute = 0, .sign_in_per_minute = 0, .polls_per_minute = 0},
                     tokens_, clock_, metrics_);
  for (int i = 0; i < 5000; ++i) {
    const auto admission = none.admit({}, net::Rate::kCaller);
    ASSERT_TRUE(admission.taken.allowed);
    ASSERT_EQ(admission.policy, "");
  }
}

TEST_F(RequestLimitsTest, answers_tell_the_rate) {
  const auto fields = [](const RequestLimits::Admission& admission) {
    net::Response response;
    add_headers(admission, response);
    std::map<std::string, std::string> all;
    for (auto& header : response.headers) all[header.name] = header.value;
    return all;
  };
  auto first = fields(ask(""));
  EXPECT_EQ(first["ratelimit-policy"], "\"anonymous\";q=20;w=60");
  EXPECT_EQ(first["ratelimit"], "\"anonymous\";r=19;t=3");
  EXPECT_EQ(first["ratelimit-limit"], "20");
  EXPECT_EQ(first["ratelimit-remaining"], "19");
  EXPECT_EQ(first["ratelimit-reset"], "3");
  allowed(19, "");
  const auto over = ask("");
  EXPECT_EQ(fields(over)["ratelimit"], "\"anonymous\";r=0;t=3");
  EXPECT_EQ(fields(ask(kAda))["ratelimit-policy"], "\"user\";q=30;w=60");
  EXPECT_EQ(fields(ask("", "192.0.2.1", net::Rate::kSignIn))["ratelimit-policy"], "\"sign-in\";q=10;w=60");
  EXPECT_TRUE(fields(RequestLimits::Admission()).empty());
}

TEST_F(RequestLimitsTest, a_refusal_is_worth_telling_once_a_minute) {
  allowed(20, "");
  int told = 0;
  for (int i = 0; i < 130; ++i) {
    for (int k = 0; k < 5; ++k) told += ask("").taken.worth_telling ? 1 : 0;
    clock_.advance_ms(1000);
  }
  EXPECT_EQ(told, 3);
}

TEST(TokenOf, is_what_stands_in_the_header_or_in_a_live_session_s_query) {
  const auto of = [](std::string authorization, bool upgrade = false, std::string query = "") {
    net::Request request;
    if (!authorization.empty()) request.headers.push_back({"authorization", std::move(authorization)});
    if (!query.empty()) request.query.emplace_back("token", std::move(query));
    request.websocket_upgrade = upgrade;
    return std::string(token_of(request));
  };
  EXPECT_EQ(of("Bearer abc"), "abc");
  EXPECT_EQ(of("bearer   abc"), "abc");
  EXPECT_EQ(of("Bearer"), "");
  EXPECT_EQ(of("Bearer   "), "");
  EXPECT_EQ(of("Basic abc"), "");
  EXPECT_EQ(of("", true, "q"), "q");
  EXPECT_EQ(of("Bearer abc", true), "abc");
  EXPECT_EQ(of("", false, "q"), "");
}

}  // namespace
}  // namespace concord::guard
