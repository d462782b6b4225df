#include "identity/services.h"

#include <gtest/gtest.h>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

class ServicesOfAHub : public ::testing::Test {
 protected:
  ServicesOfAHub() : owner_(hub_.register_account("a@example.com").text("access_token")) {}

  Reply make(const std::string& audiences) {
    return hub_.call("POST", "/services", R"({"name":"billing","audiences":)" + audiences + "}", owner_);
  }
  Reply token(const Reply& service, const std::string& audience) {
    return token(service.text("id"), service.text("secret"), audience);
  }
  Reply token(const std::string& id, const std::string& secret, const std::string& audience) {
    return hub_.call("POST", "/auth/service-token",
                     R"({"service":")" + id + R"(","secret":")" + secret + R"(","audience":")" + audience + "\"}");
  }
  Reply introspect(const std::string& bearer, const std::string& asked) {
    return hub_.call("POST", "/auth/introspect", R"({"token":")" + asked + "\"}", bearer);
  }
  bool active(const std::string& bearer, const std::string& asked) {
    const Reply told = introspect(bearer, asked);
    EXPECT_EQ(told.status, 200) << told.error.message;
    return told.object().boolean("active").value();
  }

  Hub hub_;
  const std::string owner_;
};

TEST_F(ServicesOfAHub, speak_by_tokens_for_one_audience_each) {
  const Reply made = make(R"(["search","https://bills.example/api"])");
  ASSERT_EQ(made.status, 201) << made.error.message;
  const Reply given = token(made, "https://bills.example/api");
  ASSERT_EQ(given.status, 200) << given.error.message;
  KeyRing ring = hub_.key_ring();
  ASSERT_TRUE(hub_.run(ring.load()).has_value());
  const ServiceTokens tokens(quick_options(), ring, hub_.clock());
  const auto checked = tokens.check(given.text("access_token"));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->service.str(), made.text("id"));
  EXPECT_EQ(checked->audience, "https://bills.example/api");
  EXPECT_EQ(token(made, "other").status, 403);
  EXPECT_EQ(token(made.text("id"), "wrong", "search").status, 401);
  EXPECT_EQ(token("svc_00000000000000000000000000", made.text("secret"), "search").status, 401);
  EXPECT_EQ(token("nothing", made.text("secret"), "search").status, 401);
  hub_.clock().advance_ms(240'000);
  EXPECT_TRUE(tokens.check(given.text("access_token")));
  hub_.clock().advance_ms(61'000);
  EXPECT_EQ(tokens.check(given.text("access_token")).error().code, Code::kUnauthenticated);
}

TEST_F(ServicesOfAHub, are_no_users_and_users_are_none) {
  const Reply made = make(R"(["introspection"])");
  const std::string service = token(made, "introspection").text("access_token");
  EXPECT_EQ(hub_.call("GET", "/auth/me", "", service).status, 401);
  EXPECT_EQ(hub_.call("GET", "/services", "", service).status, 401);
  EXPECT_EQ(introspect(owner_, service).status, 401);
  EXPECT_EQ(introspect("", service).fact("reason"), "missing");
}

TEST_F(ServicesOfAHub, learn_at_once_when_a_token_is_good_no_more) {
  const Reply made = make(R"(["introspection","search"])");
  const std::string service = token(made, "introspection").text("access_token");
  const Reply ben = hub_.register_account("b@example.com");
  const std::string user = ben.text("access_token");
  const Reply told = introspect(service, user);
  EXPECT_EQ(told.text("kind"), "user");
  EXPECT_EQ(told.text("sub"), ben.user("id"));
  EXPECT_EQ(told.text("role"), "member");
  EXPECT_EQ(told.text("aud"), "concord");
  const Reply agent =
      hub_.call("POST", "/agents", R"({"name":"x","scopes":[{"thing":"*","permission":"read"}]})", user);
  const Reply of_agent = introspect(service, agent.text("token"));
  EXPECT_EQ(of_agent.text("kind"), "agent");
  EXPECT_EQ(of_agent.text("sub"), agent.text("id"));
  EXPECT_EQ(of_agent.text("act_for"), ben.user("id"));
  net::Header lower{"authorization", "bearer  " + service};
  hub_.more_headers = {std::move(lower)};
  EXPECT_EQ(introspect("", user).text("kind"), "user") << "a scheme is written in either case (RFC 9110, 11.1)";
  hub_.more_headers.clear();
  EXPECT_FALSE(active(service, "x.y.z"));
  hub_.call("POST", "/auth/logout", R"({"refresh_token":")" + ben.text("refresh_token") + "\"}");
  EXPECT_FALSE(active(service, user));

  const std::string other = token(made, "search").text("access_token");
  EXPECT_EQ(introspect(other, user).fact("reason"), "audience");
  EXPECT_EQ(introspect(service, other).text("kind"), "service");
  EXPECT_EQ(introspect(service, other).text("aud"), "search");
  EXPECT_EQ(hub_.call("DELETE", "/services/" + made.text("id"), "", owner_).status, 204);
  EXPECT_EQ(introspect(service, other).fact("reason"), "service");
}

TEST_F(ServicesOfAHub, are_listed_renewed_and_removed_by_admins) {
  const std::string member = hub_.register_account("b@example.com").text("access_token");
  EXPECT_EQ(hub_.call("GET", "/services", "", member).status, 403);
  EXPECT_EQ(hub_.call("POST", "/services", R"({"name":"x","audiences":["y"]})", member).status, 403);
  const Reply made = make(R"(["search","search"])");
  const std::string path = "/services/" + made.text("id");
  const std::string listed = hub_.call("GET", "/services", "", owner_).body;
  EXPECT_NE(listed.find(R"("name":"billing","audiences":["search"])"), std::string::npos) << listed;
  EXPECT_EQ(listed.find(made.text("secret")), std::string::npos);
  const Reply renewed = hub_.call("POST", path + "/secret", "", owner_);
  ASSERT_EQ(renewed.status, 200);
  EXPECT_EQ(token(made, "search").status, 401);
  EXPECT_EQ(token(renewed, "search").status, 200);
  EXPECT_EQ(hub_.call("DELETE", path, "", owner_).status, 204);
  EXPECT_EQ(hub_.call("DELETE", path, "", owner_).status, 404);
  EXPECT_EQ(hub_.call("POST", path + "/secret", "", owner_).status, 404);
  EXPECT_EQ(token(renewed, "search").status, 401);
}

TEST_F(ServicesOfAHub, are_refused_with_what_is_wrong) {
  for (const char* wrong : {"[]", "{}", "[1]", R"(["a b"])", R"([""])", R"(["concord"])", "\"search\"", "null"}) {
    const Reply refused = make(wrong);
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_EQ(refused.fact("field"), "audiences") << wrong;
  }
  EXPECT_EQ(make("[\"" + std::string(129, 'x') + "\"]").status, 400);
  std::string many = "[\"a0\"";
  for (int i = 1; i < 17; ++i) many += ",\"a" + std::to_string(i) + "\"";
  EXPECT_EQ(make(many + "]").status, 400);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(make(R"(["s"])").status, 201) << i;
  EXPECT_EQ(make(R"(["s"])").status, 413);
}

}  // namespace
}  // namespace concord::identity::testing
