#include "identity/passkeys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "identity/authenticator_testing.h"
#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

class PasskeysTest : public ::testing::Test {
 protected:
  PasskeysTest() {
    owner_ = hub_.register_account("owner@example.com").text("access_token");
    const Reply ben = hub_.register_account("ben@example.com");
    ben_ = ben.text("access_token");
    ben_id_ = ben.user("id");
    device_.user_handle = ben_id_;
  }

  static std::string challenge_of(const Reply& reply) {
    return std::string(boost::json::parse(reply.body).at_pointer("/publicKey/challenge").as_string());
  }
  std::string challenge() {
    return challenge_of(hub_.call("POST", "/auth/passkeys/options", R"({"password":"long enough"})", ben_));
  }
  Reply add(const std::string& credential) {
    return hub_.call("POST", "/auth/passkeys", R"({"name":"Laptop","credential":)" + credential + "}", ben_);
  }
  /// Ben's passkey from here on; its identifier.
  std::string added() {
    const Reply reply = add(device_.registration(challenge()));
    EXPECT_EQ(reply.status, 201) << reply.error.message;
    for (const auto& code : boost::json::parse(reply.body).at("recovery_codes").as_array())
      recovery_.emplace_back(code.as_string());
    return std::string(boost::json::parse(reply.body).at_pointer("/passkey/id").as_string());
  }
  std::string asked() { return challenge_of(hub_.call("POST", "/auth/login/passkey/options", "{}")); }
  Reply sign_in(const std::string& credential) {
    return hub_.call("POST", "/auth/login/passkey", R"({"credential":)" + credential + "}");
  }
  /// Refusals are written a moment after they are answered: waits until there are so many, at most ten seconds.
  std::size_t opened(const std::string& outcome, std::size_t wanted) {
    const auto count = [&] {
      return hub_
          .sql("SELECT 1 FROM audit_lines WHERE action = 'session.opened' AND outcome = $1 AND line LIKE '%passkey%'",
               {outcome})
          .rows.size();
    };
    for (int i = 0; i < 1000 && count() < wanted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return count();
  }
  Reply step(const std::string& ticket, const std::string& credential) {
    return hub_.call("POST", "/auth/login/second-factor",
                     R"({"ticket":")" + ticket + R"(","credential":)" + credential + "}");
  }

  Hub hub_;
  Authenticator device_;
  std::vector<std::string> recovery_;
  std::string owner_, ben_, ben_id_;
};

TEST_F(PasskeysTest, are_added_with_the_password_and_a_fresh_challenge) {
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys/options", R"({"password":"no"})", ben_).fact("field"), "password");
  const std::string first = challenge();
  EXPECT_EQ(add(device_.registration("bWFkZSB1cA")).status, 403);
  Authenticator phishing;
  phishing.origin = "https://evil.example";
  EXPECT_EQ(add(phishing.registration(challenge())).status, 403);
  EXPECT_EQ(add(device_.registration(first)).status, 201);
  EXPECT_EQ(add(device_.registration(first)).status, 403) << "answered";
  EXPECT_EQ(add(device_.registration(challenge())).status, 409) << "added";
  const std::string old = challenge();
  hub_.clock().advance_ms(PasskeyStore::kChallengeMs);
  EXPECT_EQ(add(Authenticator().registration(old)).status, 403);
  const std::string mine = challenge();
  const std::string body = R"({"name":"x","credential":)" + Authenticator().registration(mine) + "}";
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys", body, owner_).status, 403) << "somebody else's challenge";
}

TEST_F(PasskeysTest, sign_in_in_the_place_of_a_password) {
  added();
  const Reply in = sign_in(device_.assertion(asked()));
  ASSERT_EQ(in.status, 200) << in.error.message;
  EXPECT_EQ(in.user("email"), "ben@example.com");
  const std::string once = asked();
  EXPECT_EQ(sign_in(device_.assertion(once)).status, 200);
  EXPECT_EQ(sign_in(device_.assertion(once)).fact("reason"), "passkey") << "answered";
  device_.flags = 1;
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401) << "it did not check who holds it";
  device_.flags = 5;
  device_.user_handle.clear();
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401) << "it does not say whose it is";
  device_.user_handle = "usr_somebody_else";
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401);
  device_.user_handle = ben_id_;
  const std::string old = asked();
  hub_.clock().advance_ms(PasskeyStore::kChallengeMs);
  EXPECT_EQ(sign_in(device_.assertion(old)).status, 401) << "too late";
  EXPECT_EQ(sign_in(device_.assertion(challenge())).status, 401) << "a question about something else";
  EXPECT_EQ(sign_in(Authenticator().assertion(asked())).status, 401) << "nobody's";
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 200);
  EXPECT_EQ(opened("refused", 7), 7U);
  EXPECT_EQ(opened("done", 3), 3U);
}

TEST_F(PasskeysTest, whose_count_goes_back_are_refused_and_audited_as_copies) {
  const std::string id = added();
  ASSERT_EQ(sign_in(device_.assertion(asked())).status, 200);
  device_.count = 0;
  EXPECT_EQ(sign_in(device_.assertion(asked())).fact("reason"), "passkey");
  const Reply begun = hub_.log_in("ben@example.com");
  device_.count = 1;
  EXPECT_EQ(step(begun.text("ticket"), device_.assertion(challenge_of(begun))).status, 401);
  const auto copies = hub_.sql(
      "SELECT line FROM audit_lines WHERE action = 'account.passkey_copied' AND outcome = 'refused' AND target = $1",
      {ben_id_});
  ASSERT_EQ(copies.rows.size(), 2U);
  EXPECT_TRUE(engines::as_string(copies.rows[0][0]).contains(id));
  EXPECT_TRUE(hub_.log().text().contains("it may have been copied"));
  device_.count = 100;
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 200);
}

TEST_F(PasskeysTest, of_many_who_answer_one_challenge_one_is_let_in) {
  added();
  const std::string challenge = asked();
  std::vector<std::string> bodies;
  bodies.reserve(6);
  for (int i = 0; i < 6; ++i) bodies.push_back(R"({"credential":)" + device_.assertion(challenge) + "}");
  const auto replies = hub_.call_at_once("POST", "/auth/login/passkey", bodies);
  EXPECT_EQ(std::ranges::count(replies, 200, &Reply::status), 1);
}

TEST_F(PasskeysTest, of_an_account_that_is_deactivated_sign_in_nobody) {
  added();
  const Reply begun = hub_.log_in("ben@example.com");
  ASSERT_EQ(hub_.call("POST", "/users/" + ben_id_ + "/deactivate", "", owner_).status, 200);
  EXPECT_EQ(sign_in(device_.assertion(asked())).fact("reason"), "passkey");
  EXPECT_EQ(step(begun.text("ticket"), device_.assertion(challenge_of(begun))).status, 401);
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys/options", R"({"password":"long enough"})", ben_).status, 401);
}

TEST_F(PasskeysTest, are_the_second_step_after_a_password) {
  added();
  const Reply asked_for = hub_.log_in("ben@example.com");
  EXPECT_TRUE(asked_for.body.starts_with(R"({"second_factor":["passkey","recovery"])")) << asked_for.body;
  const std::string ticket = asked_for.text("ticket");
  const std::string other_ticket = hub_.log_in("ben@example.com").text("ticket");
  device_.flags = 1;
  const std::string answer = device_.assertion(challenge_of(asked_for));
  EXPECT_EQ(step(other_ticket, answer).fact("reason"), "passkey") << "of another sign-in";
  EXPECT_EQ(step(ticket, device_.assertion(challenge_of(asked_for))).status, 200);
  EXPECT_EQ(step(ticket, device_.assertion(challenge_of(asked_for))).fact("reason"), "ticket");
  const std::string code = R"({"ticket":")" + other_ticket + R"(","code":")" + recovery_[0] + "\"}";
  EXPECT_EQ(hub_.call("POST", "/auth/login/second-factor", code).status, 200);
}

TEST_F(PasskeysTest, of_others_are_no_second_step) {
  added();
  Authenticator owners;
  const std::string options = R"({"password":"long enough"})";
  const std::string registration =
      owners.registration(challenge_of(hub_.call("POST", "/auth/passkeys/options", options, owner_)));
  ASSERT_EQ(hub_.call("POST", "/auth/passkeys", R"({"name":"x","credential":)" + registration + "}", owner_).status,
            201);
  const Reply asked_for = hub_.log_in("ben@example.com");
  EXPECT_EQ(step(asked_for.text("ticket"), owners.assertion(challenge_of(asked_for))).status, 401);
}

TEST_F(PasskeysTest, are_removed_with_the_password_and_the_last_takes_the_recovery_codes_along) {
  const std::string id = added();
  EXPECT_EQ(recovery_.size(), SecondFactorStore::kRecoveryCodes);
  const std::string path = "/auth/passkeys/" + id;
  EXPECT_EQ(hub_.call("DELETE", path, R"({"password":"no"})", ben_).fact("field"), "password");
  EXPECT_EQ(hub_.call("DELETE", path, R"({"password":"long enough"})", owner_).status, 404);
  ASSERT_EQ(hub_.call("DELETE", path, R"({"password":"long enough"})", ben_).status, 204);
  EXPECT_EQ(hub_.call("GET", "/auth/second-factor", "", ben_).body,
            R"({"totp":false,"recovery_codes":0,"passkeys":[],"password":true})");
  EXPECT_FALSE(hub_.log_in("ben@example.com").text("access_token").empty());
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401);
}

TEST_F(PasskeysTest, stay_where_they_are_the_last_way_in) {
  const std::string path = "/auth/passkeys/" + added();
  hub_.sql("UPDATE identity_users SET password_hash = '' WHERE email_key = 'ben@example.com'", {});
  const Reply kept = hub_.call("DELETE", path, "{}", ben_);
  EXPECT_EQ(kept.status, 409);
  EXPECT_EQ(kept.fact("reason"), "last_way_in");
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 200);
}

TEST_F(PasskeysTest, are_listed_renamed_and_exported_by_their_holder_alone) {
  const std::string id = added();
  const std::string path = "/auth/passkeys/" + id;
  EXPECT_EQ(hub_.call("PATCH", path, R"({"name":"Blue key"})", owner_).status, 404);
  EXPECT_EQ(hub_.call("PATCH", path, R"({"name":""})", ben_).fact("field"), "name");
  const Reply renamed = hub_.call("PATCH", path, R"({"name":"Blue key"})", ben_);
  ASSERT_EQ(renamed.status, 200) << renamed.error.message;
  EXPECT_EQ(renamed.text("name"), "Blue key");
  EXPECT_TRUE(hub_.call("GET", "/auth/second-factor", "", ben_).body.contains(R"("name":"Blue key")"));
  EXPECT_FALSE(hub_.call("GET", "/auth/second-factor", "", owner_).body.contains("Blue key"));
  EXPECT_TRUE(hub_.call("GET", "/auth/me/export", "", ben_).body.contains(R"("passkeys":[{"id":")" + id));
  EXPECT_TRUE(hub_.call("GET", "/auth/me/export", "", owner_).body.contains(R"("passkeys":[],)"));
}

TEST_F(PasskeysTest, are_asked_for_by_name_and_those_there_are_excluded) {
  added();
  const std::string body = hub_.call("POST", "/auth/passkeys/options", R"({"password":"long enough"})", ben_).body;
  const auto options = boost::json::parse(body).at("publicKey");
  EXPECT_EQ(options.at_pointer("/excludeCredentials/0/id").as_string(), crypto::base64url_encode(device_.id));
  EXPECT_EQ(options.at_pointer("/rp/id").as_string(), "localhost");
  EXPECT_EQ(options.at_pointer("/user/id").as_string(), crypto::base64url_encode(as_bytes(ben_id_)));
  EXPECT_EQ(options.at_pointer("/attestation").as_string(), "none");
  const auto begun = boost::json::parse(hub_.log_in("ben@example.com").body);
  EXPECT_EQ(begun.at_pointer("/publicKey/allowCredentials/0/id").as_string(), crypto::base64url_encode(device_.id));
}

TEST_F(PasskeysTest, are_not_more_than_twenty_of_one_user) {
  std::vector<Authenticator> devices(PasskeyStore::kMaxPasskeys + 1);
  for (std::size_t i = 0; i + 1 < devices.size(); ++i)
    ASSERT_EQ(add(devices[i].registration(challenge())).status, 201) << i;
  const Reply refused = add(devices.back().registration(challenge()));
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.fact("limit"), "20");
}

TEST_F(PasskeysTest, need_an_address_that_carries_them) {
  added();
  EXPECT_EQ(hub_.call("GET", "/auth/setup").text("passkeys_at"), "http://localhost");
  Options options = quick_options();
  options.public_url = "https://192.0.2.1:8443";
  hub_.restart(options);
  EXPECT_TRUE(hub_.call("GET", "/auth/setup").body.contains(R"("passkeys_at":null)"));
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys/options", R"({"password":"long enough"})",
                      hub_.register_account("cy@example.com").text("access_token"))
                .status,
            501);
  EXPECT_EQ(hub_.call("POST", "/auth/login/passkey/options", "{}").status, 501);
  const Reply begun = hub_.log_in("ben@example.com");
  EXPECT_TRUE(begun.body.starts_with(R"({"second_factor":["recovery"],)")) << begun.body;
  EXPECT_EQ(step(begun.text("ticket"), device_.assertion("YQ")).status, 501);
  EXPECT_EQ(hub_.call("POST", "/auth/login/second-factor",
                      R"({"ticket":")" + begun.text("ticket") + R"(","code":")" + recovery_[0] + "\"}")
                .status,
            200);
}

TEST_F(PasskeysTest, are_nothing_for_agents) {
  const Reply agent =
      hub_.call("POST", "/agents", R"({"name":"bot","scopes":[{"thing":"*","permission":"read"}]})", ben_);
  ASSERT_EQ(agent.status, 201) << agent.error.message;
  const std::string token = agent.text("token");
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys/options", R"({"password":"long enough"})", token).status, 403);
  EXPECT_EQ(add(device_.registration(challenge())).status, 201);
  EXPECT_EQ(hub_.call("GET", "/auth/second-factor", "", token).status, 403);
}

TEST_F(PasskeysTest, go_with_their_account) {
  added();
  challenge();
  ASSERT_EQ(hub_.call("DELETE", "/auth/me", R"({"password":"long enough"})", ben_).status, 204);
  EXPECT_TRUE(hub_.sql("SELECT 1 FROM identity_passkeys").rows.empty());
  EXPECT_TRUE(hub_.sql("SELECT 1 FROM identity_challenges WHERE user_id IS NOT NULL").rows.empty());
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401);
}

TEST_F(PasskeysTest, go_with_an_admins_reset) {
  added();
  ASSERT_EQ(hub_.call("DELETE", "/users/" + ben_id_ + "/second-factor", "", owner_).status, 204);
  EXPECT_EQ(sign_in(device_.assertion(asked())).status, 401);
  EXPECT_FALSE(hub_.log_in("ben@example.com").text("access_token").empty());
}

}  // namespace
}  // namespace concord::identity::testing
