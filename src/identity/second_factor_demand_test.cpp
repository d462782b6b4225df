// A second step of signing in that is demanded of everybody, or of admins.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/base32_testing.h"
#include "crypto/one_time_code.h"
#include "identity/authenticator_testing.h"
#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

constexpr const char* kPassword = R"({"password":"long enough"})";

Options demanding(SecondFactorDemand demand) {
  Options options = quick_options();
  options.require_second_factor = demand;
  return options;
}

bool must_set_up(const Reply& reply) { return reply.status == 403 && reply.fact("reason") == "second_factor_required"; }

/// Codes of an app; the recovery codes.
std::vector<std::string> set_up(Hub& hub, const std::string& token) {
  const Reply begun = hub.call("POST", "/auth/second-factor/totp", kPassword, token);
  EXPECT_EQ(begun.status, 200) << begun.error.message;
  const Bytes secret = concord::testing::base32_decode(begun.text("secret"));
  const auto step = static_cast<std::uint64_t>(crypto::code_step(hub.clock().wall_ms()));
  const std::string body = R"({"code":")" + crypto::hotp(secret, step) + "\"}";
  const Reply on = hub.call("POST", "/auth/second-factor/totp/confirm", body, token);
  EXPECT_EQ(on.status, 200) << on.error.message;
  std::vector<std::string> codes;
  for (const auto& code : boost::json::parse(on.body).at("recovery_codes").as_array())
    codes.emplace_back(code.as_string());
  return codes;
}

TEST(SecondFactorDemand, of_everybody_lets_who_has_none_set_one_up_and_nothing_else) {
  Hub hub(demanding(SecondFactorDemand::kEverybody));
  const Reply made = hub.register_account("owner@example.com");
  const std::string token = made.text("access_token");
  EXPECT_EQ(hub.call("GET", "/auth/me", "", token).status, 200);
  EXPECT_EQ(hub.call("GET", "/auth/second-factor", "", token).status, 200);
  for (const char* path : {"/auth/sessions", "/auth/me/export", "/groups", "/users", "/agents"})
    EXPECT_TRUE(must_set_up(hub.call("GET", path, "", token))) << path;
  EXPECT_TRUE(must_set_up(hub.call("DELETE", "/auth/me", kPassword, token)));
  EXPECT_TRUE(must_set_up(hub.call("GET", "/agents", "", token))) << "also where the token was checked before";
  const auto checked = hub.run(hub.identity().authenticate_bearer(token));
  EXPECT_EQ(checked.error().code, Code::kPermissionDenied);
  const UserId user = *UserId::parse(made.user("id"));
  EXPECT_TRUE(hub.run(hub.identity().membership(user)).value().must_set_up);
  const std::string refreshed = hub.refresh(made.text("refresh_token")).text("access_token");
  set_up(hub, refreshed);
  for (const std::string& one : {token, refreshed}) EXPECT_EQ(hub.call("GET", "/agents", "", one).status, 200);
  EXPECT_FALSE(hub.run(hub.identity().membership(user)).value().must_set_up);
}

TEST(SecondFactorDemand, is_met_by_a_passkey) {
  Hub hub(demanding(SecondFactorDemand::kEverybody));
  const std::string token = hub.register_account("owner@example.com").text("access_token");
  Authenticator device;
  const Reply asked = hub.call("POST", "/auth/passkeys/options", kPassword, token);
  const std::string challenge(boost::json::parse(asked.body).at_pointer("/publicKey/challenge").as_string());
  const std::string body = R"({"name":"Laptop","credential":)" + device.registration(challenge) + "}";
  const Reply added = hub.call("POST", "/auth/passkeys", body, token);
  ASSERT_EQ(added.status, 201) << added.error.message;
  EXPECT_EQ(hub.call("GET", "/agents", "", token).status, 200);
  const std::string id(boost::json::parse(added.body).at_pointer("/passkey/id").as_string());
  ASSERT_EQ(hub.call("DELETE", "/auth/passkeys/" + id, kPassword, token).status, 204);
  EXPECT_TRUE(must_set_up(hub.call("GET", "/agents", "", token)));
}

TEST(SecondFactorDemand, keeps_agents_waiting_with_their_owner) {
  Hub hub(demanding(SecondFactorDemand::kEverybody));
  const std::string token = hub.register_account("owner@example.com").text("access_token");
  const auto recovery = set_up(hub, token);
  const std::string agent =
      hub.call("POST", "/agents", R"({"name":"bot","scopes":[{"thing":"*","permission":"read"}]})", token)
          .text("token");
  EXPECT_TRUE(hub.run(hub.identity().authenticate_bearer(agent)));
  const std::string off = R"({"password":"long enough","code":")" + recovery[0] + "\"}";
  ASSERT_EQ(hub.call("DELETE", "/auth/second-factor/totp", off, token).status, 204);
  const auto refused = hub.run(hub.identity().authenticate_bearer(agent));
  EXPECT_EQ(refused.error().code, Code::kPermissionDenied);
  set_up(hub, token);
  EXPECT_TRUE(hub.run(hub.identity().authenticate_bearer(agent)));
}

TEST(SecondFactorDemand, of_admins_holds_from_the_moment_they_are) {
  Hub hub(demanding(SecondFactorDemand::kAdmins));
  const std::string owner = hub.register_account("owner@example.com").text("access_token");
  const Reply made = hub.register_account("ben@example.com");
  const std::string ben = made.text("access_token");
  EXPECT_TRUE(must_set_up(hub.call("GET", "/users", "", owner)));
  set_up(hub, owner);
  EXPECT_EQ(hub.call("GET", "/agents", "", ben).status, 200);
  const std::string path = "/users/" + made.user("id");
  ASSERT_EQ(hub.call("PATCH", path, R"({"role":"admin"})", owner).status, 200);
  EXPECT_TRUE(must_set_up(hub.call("GET", "/agents", "", ben)));
  ASSERT_EQ(hub.call("PATCH", path, R"({"role":"member"})", owner).status, 200);
  EXPECT_EQ(hub.call("GET", "/agents", "", ben).status, 200);
}

}  // namespace
}  // namespace concord::identity::testing
