#include "identity/second_factor.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/base32_testing.h"
#include "crypto/one_time_code.h"
#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

std::vector<std::string> codes_of(const Reply& reply) {
  std::vector<std::string> out;
  for (const auto& code : boost::json::parse(reply.body).at("recovery_codes").as_array())
    out.emplace_back(code.as_string());
  return out;
}

class SecondFactorTest : public ::testing::Test {
 protected:
  SecondFactorTest() {
    owner_ = hub_.register_account("owner@example.com").text("access_token");
    const Reply ben = hub_.register_account("ben@example.com");
    ben_ = ben.text("access_token");
    ben_id_ = ben.user("id");
  }

  /// What the app shows `steps` from now.
  std::string code(std::int64_t steps = 0) {
    return crypto::hotp(secret_, static_cast<std::uint64_t>(crypto::code_step(hub_.clock().wall_ms()) + steps));
  }
  static std::string quoted(const std::string& name, const std::string& value) {
    return "\"" + name + "\":\"" + value + "\"";
  }
  Reply begin(const std::string& password = "long enough") {
    const Reply reply = hub_.call("POST", "/auth/second-factor/totp", "{" + quoted("password", password) + "}", ben_);
    if (reply.status == 200) secret_ = concord::testing::base32_decode(reply.text("secret"));
    return reply;
  }
  Reply confirm(const std::string& shown) {
    return hub_.call("POST", "/auth/second-factor/totp/confirm", "{" + quoted("code", shown) + "}", ben_);
  }
  /// Turned on; the next code of the app is one that was not used.
  std::vector<std::string> enable() {
    EXPECT_EQ(begin().status, 200);
    confirmed_by_ = code();
    const Reply reply = confirm(confirmed_by_);
    EXPECT_EQ(reply.status, 200) << reply.error.message;
    hub_.clock().advance_ms(crypto::kCodeStepMs);
    return codes_of(reply);
  }
  std::string ticket() { return hub_.log_in("ben@example.com").text("ticket"); }
  static std::string step_body(const std::string& ticket, const std::string& shown) {
    return "{" + quoted("ticket", ticket) + "," + quoted("code", shown) + "}";
  }
  Reply step(const std::string& ticket, const std::string& shown) {
    return hub_.call("POST", "/auth/login/second-factor", step_body(ticket, shown));
  }
  std::string both(const std::string& password, const std::string& shown) {
    return "{" + quoted("password", password) + "," + quoted("code", shown) + "}";
  }

  Hub hub_;
  std::string owner_, ben_, ben_id_, confirmed_by_;
  Bytes secret_;
};

TEST_F(SecondFactorTest, counts_once_a_code_has_confirmed_it) {
  EXPECT_EQ(begin("not the one").fact("field"), "password");
  EXPECT_EQ(confirm("123456").status, 409);
  const Reply made = begin();
  EXPECT_EQ(made.text("uri"), "otpauth://totp/Concord:ben%40example.com?secret=" + made.text("secret") +
                                  "&issuer=Concord&algorithm=SHA1&digits=6&period=30");
  EXPECT_EQ(confirm(code(-2)).fact("field"), "code");
  EXPECT_FALSE(hub_.log_in("ben@example.com").text("access_token").empty());
  const Reply on = confirm(code());
  ASSERT_EQ(codes_of(on).size(), 10U);
  EXPECT_EQ(on.header("cache-control"), "no-store");
  EXPECT_EQ(begin().status, 409);
  EXPECT_EQ(hub_.call("GET", "/auth/second-factor", "", ben_).body,
            R"({"totp":true,"recovery_codes":10,"passkeys":[],"password":true})");
  EXPECT_EQ(hub_.call("GET", "/auth/me", "", ben_).status, 200) << "who is signed in stays";
  const Reply asked = hub_.log_in("ben@example.com");
  EXPECT_TRUE(asked.body.starts_with(R"({"second_factor":["totp","recovery"],"ticket":")")) << asked.body;
  EXPECT_FALSE(asked.body.contains("access_token"));
  EXPECT_EQ(hub_.log_in("ben@example.com", "not the one").status, 401);
}

TEST_F(SecondFactorTest, takes_a_code_of_the_app_once) {
  enable();
  EXPECT_EQ(step(ticket(), confirmed_by_).fact("field"), "code");
  const std::string now = code();
  const Reply in = step(ticket(), now);
  ASSERT_EQ(in.status, 200) << in.error.message;
  EXPECT_EQ(in.user("email"), "ben@example.com");
  EXPECT_EQ(step(ticket(), now).status, 401);
  hub_.clock().advance_ms(crypto::kCodeStepMs);
  EXPECT_EQ(step(ticket(), now).status, 401);
  EXPECT_EQ(step(ticket(), code(1)).status, 200) << "of a clock that is ahead";
  const auto opened =
      hub_.sql("SELECT line FROM audit_lines WHERE action = 'session.opened' AND line LIKE '%one-time code%'");
  EXPECT_EQ(opened.rows.size(), 2U);
}

TEST_F(SecondFactorTest, is_told_to_admins_once_it_is_on) {
  const auto told = [&] {
    const auto users = boost::json::parse(hub_.call("GET", "/users", "", owner_).body).at("users");
    EXPECT_FALSE(users.at(0).at("second_factor").as_bool());
    return users.at(1).at("second_factor").as_bool();
  };
  EXPECT_EQ(begin().status, 200);
  EXPECT_FALSE(told());
  EXPECT_EQ(confirm(code()).status, 200);
  EXPECT_TRUE(told());
}

TEST_F(SecondFactorTest, of_many_who_show_one_code_or_one_ticket_one_is_let_in) {
  const auto recovery = enable();
  std::vector<std::string> same_code, same_ticket;
  for (int i = 0; i < 4; ++i) same_code.push_back(step_body(ticket(), code()));
  const std::string one = ticket();
  for (int i = 0; i < 4; ++i) same_ticket.push_back(step_body(one, recovery[static_cast<std::size_t>(i)]));
  for (const auto& bodies : {same_code, same_ticket}) {
    const auto replies = hub_.call_at_once("POST", "/auth/login/second-factor", bodies);
    EXPECT_EQ(std::ranges::count(replies, 200, &Reply::status), 1);
  }
}

TEST_F(SecondFactorTest, takes_each_recovery_code_once_however_it_is_written) {
  const auto codes = enable();
  EXPECT_EQ(step(ticket(), codes[0]).status, 200);
  EXPECT_EQ(step(ticket(), codes[0]).status, 401);
  std::string plain;
  for (const char c : codes[1])
    if (c != '-') plain += static_cast<char>(std::toupper(c));
  EXPECT_EQ(step(ticket(), plain + " ").status, 200);
  EXPECT_EQ(step(ticket(), codes[1]).status, 401);
  EXPECT_TRUE(hub_.call("GET", "/auth/second-factor", "", ben_).body.contains(R"("recovery_codes":8,)"));
  const auto kept = hub_.sql("SELECT code_hash FROM identity_recovery_codes");
  for (const auto& row : kept.rows) EXPECT_EQ(engines::as_string(row[0]).size(), 43U);

  const std::string path = "/auth/second-factor/recovery-codes";
  EXPECT_EQ(hub_.call("POST", path, both("not the one", code()), ben_).fact("field"), "password");
  EXPECT_EQ(hub_.call("POST", path, both("long enough", "000000"), ben_).fact("field"), "code");
  const Reply renewed = hub_.call("POST", path, both("long enough", code()), ben_);
  ASSERT_EQ(renewed.status, 200) << renewed.error.message;
  EXPECT_EQ(step(ticket(), codes[2]).status, 401);
  EXPECT_EQ(step(ticket(), codes_of(renewed)[9]).status, 200);
}

TEST_F(SecondFactorTest, wrong_codes_have_to_wait_longer_and_longer_and_recovery_codes_need_not) {
  const auto recovery = enable();
  const auto wrong = [&] { return step(ticket(), code() == "000000" ? "000001" : "000000"); };
  for (int i = 0; i < SecondFactorStore::kFreeTries; ++i) EXPECT_EQ(wrong().status, 401) << i;
  std::int64_t wait_s = 30;
  for (int i = 0; i < 9; ++i, wait_s = std::min<std::int64_t>(2 * wait_s, 3600)) {
    const Reply limited = step(ticket(), code());
    ASSERT_EQ(limited.status, 429) << i;
    EXPECT_LE(std::stoll(limited.fact("retry_after")), wait_s);
    EXPECT_GT(std::stoll(limited.fact("retry_after")), wait_s / 2);
    hub_.clock().advance_ms(wait_s * 1000);
    EXPECT_EQ(wrong().status, 401) << i;
  }
  EXPECT_EQ(step(ticket(), recovery[0]).status, 200);
  EXPECT_EQ(step(ticket(), code()).status, 429);
  hub_.clock().advance_ms(3'600'000);
  EXPECT_EQ(step(ticket(), code()).status, 200);
  EXPECT_EQ(wrong().status, 401) << "counted anew";
  hub_.clock().advance_ms(crypto::kCodeStepMs);
  EXPECT_EQ(step(ticket(), code()).status, 200);
}

TEST_F(SecondFactorTest, a_ticket_bears_ten_tries_and_five_minutes_and_no_change_of_the_account) {
  const auto recovery = enable();
  const std::string tried = ticket();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(step(tried, "wrong").fact("reason"), "code");
  EXPECT_EQ(step(tried, recovery[0]).fact("reason"), "ticket");
  const std::string old = ticket();
  hub_.clock().advance_ms(Tickets::kLifetimeMs);
  EXPECT_EQ(step(old, recovery[0]).fact("reason"), "ticket");
  EXPECT_EQ(step("made up", recovery[0]).fact("reason"), "ticket");

  const std::string before = ticket();
  ASSERT_EQ(hub_.call("POST", "/auth/password", R"({"old_password":"long enough","new_password":"another one"})", ben_)
                .status,
            204);
  EXPECT_EQ(step(before, recovery[0]).status, 401);
  const std::string after = hub_.log_in("ben@example.com", "another one").text("ticket");
  ASSERT_EQ(hub_.call("POST", "/users/" + ben_id_ + "/deactivate", "", owner_).status, 200);
  EXPECT_EQ(step(after, recovery[1]).status, 401);
}

TEST_F(SecondFactorTest, is_turned_off_with_the_password_and_a_code) {
  enable();
  const std::string path = "/auth/second-factor/totp";
  EXPECT_EQ(hub_.call("DELETE", path, both("not the one", code()), ben_).fact("field"), "password");
  EXPECT_EQ(hub_.call("DELETE", path, both("long enough", "000000"), ben_).fact("field"), "code");
  EXPECT_EQ(hub_.log_in("ben@example.com").text("ticket").size(), 43U);
  ASSERT_EQ(hub_.call("DELETE", path, both("long enough", code()), ben_).status, 204);
  EXPECT_EQ(hub_.call("GET", "/auth/second-factor", "", ben_).body,
            R"({"totp":false,"recovery_codes":0,"passkeys":[],"password":true})");
  EXPECT_FALSE(hub_.log_in("ben@example.com").text("access_token").empty());
  EXPECT_EQ(hub_.call("DELETE", path, both("long enough", code()), ben_).status, 409);
}

TEST_F(SecondFactorTest, wants_a_recent_sign_in_of_an_account_without_a_password) {
  const std::string path = "/auth/second-factor/totp";
  const Reply needed = hub_.call("POST", path, "{}", ben_);
  EXPECT_EQ(needed.status, 403);
  EXPECT_EQ(needed.fact("field"), "password");
  hub_.sql("UPDATE identity_users SET password_hash = '' WHERE id = $1", {ben_id_});
  EXPECT_TRUE(hub_.call("GET", "/auth/second-factor", "", ben_).body.contains(R"("password":false)"));
  EXPECT_EQ(begin().fact("field"), "password") << "there is none to show";
  const Reply made = hub_.call("POST", path, "{}", ben_);
  ASSERT_EQ(made.status, 200);
  secret_ = concord::testing::base32_decode(made.text("secret"));
  EXPECT_EQ(confirm(code()).status, 200);
  hub_.clock().advance_ms(crypto::kCodeStepMs);
  EXPECT_EQ(hub_.call("DELETE", path, "{" + quoted("code", "000000") + "}", ben_).fact("field"), "code");
  hub_.clock().advance_ms(SignIn::kRecentMs);
  EXPECT_EQ(hub_.call("DELETE", path, "{" + quoted("code", code()) + "}", ben_).fact("reason"), "recent_sign_in");
  EXPECT_EQ(hub_.call("POST", "/auth/passkeys/options", "{}", ben_).fact("reason"), "recent_sign_in");
  EXPECT_EQ(hub_.call("DELETE", "/auth/me", "{}", ben_).fact("reason"), "recent_sign_in");
}

TEST_F(SecondFactorTest, is_taken_away_by_an_admin_for_whom_has_lost_it) {
  enable();
  const std::string path = "/users/" + ben_id_ + "/second-factor";
  EXPECT_EQ(hub_.call("DELETE", path, "", ben_).status, 403);
  ASSERT_EQ(hub_.call("DELETE", path, "", owner_).status, 204);
  EXPECT_EQ(hub_.call("GET", "/auth/me", "", ben_).status, 401);
  EXPECT_FALSE(hub_.log_in("ben@example.com").text("access_token").empty());
  EXPECT_EQ(
      hub_.sql("SELECT 1 FROM audit_lines WHERE action = 'account.second_factor_reset' AND target = $1", {ben_id_})
          .rows.size(),
      1U);
  EXPECT_EQ(hub_.call("DELETE", "/users/usr_00000000000000000000000000/second-factor", "", owner_).status, 404);
}

TEST_F(SecondFactorTest, the_secret_is_stored_sealed_with_the_users_key) {
  enable();
  const auto rows = hub_.sql("SELECT secret FROM identity_totp");
  const Bytes& stored = engines::as_blob(rows.rows.front()[0]);
  EXPECT_EQ(stored.front(), vault::kSealedMark);
  EXPECT_TRUE(std::ranges::search(stored, secret_).empty());
  hub_.restart(quick_options());
  EXPECT_EQ(step(ticket(), code()).status, 200);
  EXPECT_FALSE(hub_.log().text().contains(confirmed_by_));
}

TEST(OtpauthUri, escapes_what_is_not_plain) {
  EXPECT_EQ(otpauth_uri("Concord at h.example", "a+b@example.org", "ABC"),
            "otpauth://totp/Concord%20at%20h.example:a%2Bb%40example.org?secret=ABC&issuer=Concord%20at%20h.example"
            "&algorithm=SHA1&digits=6&period=30");
}

}  // namespace
}  // namespace concord::identity::testing
