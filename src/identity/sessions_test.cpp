#include <gtest/gtest.h>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

/// One sign-in of a user.
struct SignedIn {
  explicit SignedIn(const Reply& reply)
      : access(reply.text("access_token")), refresh(reply.text("refresh_token")), user(reply.user("id")) {}
  std::string access;
  std::string refresh;
  std::string user;
};

class SessionsOfAUser : public ::testing::Test {
 protected:
  SessionsOfAUser() : first_(hub_.register_account("ada@example.com")) {}

  SignedIn sign_in(std::string user_agent) {
    hub_.more_headers = {{"user-agent", std::move(user_agent)}};
    return SignedIn(hub_.log_in("ada@example.com"));
  }
  /// The sessions, each as the text of its object.
  std::vector<std::string> list(const SignedIn& as) {
    const Reply reply = hub_.call("GET", "/auth/sessions", "", as.access);
    EXPECT_EQ(reply.status, 200);
    std::vector<std::string> sessions;
    const std::string_view id = R"({"id":")";
    for (auto at = reply.body.find(id); at != std::string::npos;) {
      const auto next = reply.body.find(id, at + 1);
      sessions.push_back(reply.body.substr(at, next - at));
      at = next;
    }
    return sessions;
  }
  SessionId session_of(const SignedIn& as) {
    return hub_.run(hub_.identity().authenticate_bearer(as.access)).value().session;
  }
  Reply end(const SignedIn& as, const std::string& session) {
    return hub_.call("DELETE", "/auth/sessions/" + session, "", as.access);
  }
  bool works(const SignedIn& as) { return hub_.call("GET", "/auth/me", "", as.access).status == 200; }

  Hub hub_;
  const SignedIn first_;
};

TEST_F(SessionsOfAUser, are_listed_with_where_they_come_from) {
  hub_.peer_address = "192.0.2.77";
  const SignedIn second = sign_in("Browser/1 " + std::string(1000, 'x'));
  const auto sessions = list(second);
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_TRUE(sessions[0].starts_with(R"({"id":")" + session_of(second).str() + R"(","current":true)")) << sessions[0];
  EXPECT_NE(sessions[1].find(R"("current":false)"), std::string::npos);
  EXPECT_NE(sessions[0].find(R"("address":"192.0.2.77")"), std::string::npos);
  EXPECT_NE(sessions[0].find(R"("user_agent":"Browser/1 )" + std::string(290, 'x') + '"'), std::string::npos);
  EXPECT_NE(sessions[1].find(R"("user_agent":"")"), std::string::npos);
  EXPECT_EQ(hub_.call("GET", "/auth/sessions").status, 401);
}

TEST_F(SessionsOfAUser, one_that_is_ended_is_refused_at_once_and_said_to_have_ended) {
  std::vector<SessionId> told;
  hub_.identity().on_session_ended([&](SessionId session) { told.push_back(session); });
  const SignedIn second = sign_in("Phone");
  ASSERT_TRUE(works(second));  // so its token is remembered as valid
  const SessionId session = session_of(second);
  EXPECT_FALSE(hub_.identity().has_ended(session));
  EXPECT_EQ(end(first_, session.str()).status, 204);
  EXPECT_FALSE(works(second));
  EXPECT_EQ(hub_.refresh(second.refresh).fact("reason"), "revoked");
  EXPECT_TRUE(hub_.identity().has_ended(session));
  EXPECT_EQ(told, std::vector{session});
  EXPECT_TRUE(works(first_));
  EXPECT_EQ(list(first_).size(), 1U);
  EXPECT_EQ(end(first_, session.str()).status, 404);
  EXPECT_EQ(end(first_, "ses_nonsense").status, 404);

  hub_.restart(quick_options());  // what was in memory is gone
  EXPECT_FALSE(works(second));
  EXPECT_TRUE(works(first_));
}

TEST_F(SessionsOfAUser, are_their_own_alone) {
  const SignedIn other{hub_.register_account("ben@example.com")};
  EXPECT_EQ(list(other).size(), 1U);
  EXPECT_EQ(end(other, session_of(first_).str()).status, 404);
  EXPECT_TRUE(works(first_));
}

TEST_F(SessionsOfAUser, all_others_end_together) {
  const SignedIn second = sign_in("Phone");
  const SignedIn third = sign_in("Tablet");
  const Reply reply = hub_.call("DELETE", "/auth/sessions", "", second.access);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.object().integer("ended", 0, 100).value(), 2);
  EXPECT_TRUE(works(second));
  EXPECT_FALSE(works(first_));
  EXPECT_FALSE(works(third));
}

TEST_F(SessionsOfAUser, signing_out_and_a_used_token_refuse_the_access_token_too) {
  const SignedIn second = sign_in("Phone");
  ASSERT_TRUE(works(second));
  EXPECT_EQ(hub_.call("POST", "/auth/logout", R"({"refresh_token":")" + second.refresh + "\"}").status, 204);
  EXPECT_FALSE(works(second));

  const SignedIn third = sign_in("Tablet");
  ASSERT_EQ(hub_.refresh(third.refresh).status, 200);
  ASSERT_TRUE(works(third));
  EXPECT_EQ(hub_.refresh(third.refresh).fact("reason"), "reused");
  EXPECT_FALSE(works(third));
}

TEST_F(SessionsOfAUser, those_beyond_the_limit_end_with_their_access_tokens) {
  Options options = quick_options();
  options.sessions_per_user = 2;
  hub_.restart(options);
  ASSERT_TRUE(works(first_));
  const SignedIn second = sign_in("Phone");
  const SignedIn third = sign_in("Tablet");
  EXPECT_FALSE(works(first_));
  EXPECT_TRUE(works(second));
  EXPECT_TRUE(works(third));
}

TEST_F(SessionsOfAUser, what_has_ended_is_forgotten_once_no_token_can_be_valid) {
  const SignedIn second = sign_in("Phone");
  const SessionId session = session_of(second);
  ASSERT_EQ(end(first_, session.str()).status, 204);
  ASSERT_TRUE(hub_.identity().has_ended(session));
  hub_.clock().advance_ms(16 * 60'000);
  const SignedIn third = sign_in("Tablet");
  ASSERT_EQ(end(third, session_of(third).str()).status, 204);
  EXPECT_FALSE(hub_.identity().has_ended(session));
}

}  // namespace
}  // namespace concord::identity::testing
