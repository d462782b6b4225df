#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "crypto/base32_testing.h"
#include "crypto/one_time_code.h"
#include "identity/authenticator_testing.h"
#include "identity/hub_testing.h"
#include "mail/smtp_server_testing.h"

namespace concord::identity::testing {
namespace {

using mail::testing::Received;
using mail::testing::SmtpServer;

Options mailing() {
  Options options = quick_options();
  options.public_url = "https://hub.example.com";
  return options;
}

/// Behind the '#' of the link in a message.
std::string secret_in(const Received& message, const std::string& page) {
  const std::string text = message.text();
  const std::string before = "https://hub.example.com/" + page + "#";
  const auto at = text.find(before);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? "" : text.substr(at + before.size(), 43);
}

Reply ask_reset(Hub& hub, const std::string& email) {
  return hub.call("POST", "/auth/password/reset-request", R"({"email":")" + email + "\"}");
}

Reply confirm(Hub& hub, const std::string& token) {
  return hub.call("POST", "/auth/email/confirm", R"({"token":")" + token + "\"}");
}

TEST(AccountMails, a_new_account_confirms_its_address_by_a_link_that_works_once) {
  SmtpServer server;
  Options options = mailing();
  options.require_verified_email = true;
  Hub hub(options, server.url());
  hub.register_account("owner@example.com");  // needs nobody's word, and gets no mail
  const std::string token = hub.register_account("ben@example.com").text("access_token");
  EXPECT_EQ(hub.call("GET", "/groups", "", token).status, 403);
  const auto received = server.wait_for(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].to, "<ben@example.com>");
  const std::string secret = secret_in(received[0], "confirm");
  EXPECT_EQ(confirm(hub, secret + "x").status, 403);
  EXPECT_EQ(confirm(hub, secret).status, 204);
  EXPECT_EQ(confirm(hub, secret).status, 403);
  EXPECT_EQ(hub.call("GET", "/groups", "", token).status, 200);
  EXPECT_TRUE(hub.call("GET", "/auth/me", "", token).object().boolean("email_verified").value());
  EXPECT_FALSE(hub.log().text().contains(secret));
}

TEST(AccountMails, the_confirmation_is_sent_again_on_demand_and_not_too_often) {
  SmtpServer server;
  Hub hub(mailing(), server.url());
  hub.register_account("owner@example.com");
  const std::string token = hub.register_account("ben@example.com").text("access_token");
  ASSERT_EQ(server.wait_for(1).size(), 1U);
  EXPECT_EQ(hub.call("POST", "/auth/email/confirm-request", "", token).status, 202);
  const auto received = server.wait_for(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(hub.call("POST", "/auth/email/confirm-request", "", token).status, 202);
  EXPECT_EQ(hub.call("POST", "/auth/email/confirm-request", "", token).status, 429);
  EXPECT_EQ(confirm(hub, secret_in(received[1], "confirm")).status, 204);
  EXPECT_EQ(hub.call("POST", "/auth/email/confirm-request", "", token).status, 409);
}

TEST(AccountMails, a_forgotten_password_is_set_by_a_link_and_strangers_learn_nothing) {
  SmtpServer server;
  Hub hub(mailing(), server.url());
  hub.register_account("owner@example.com");
  const auto timed = [&](const std::string& email) {
    const auto from = std::chrono::steady_clock::now();
    const Reply reply = ask_reset(hub, email);
    EXPECT_EQ(reply.status, 202);
    EXPECT_EQ(reply.body, "");
    return std::chrono::steady_clock::now() - from;
  };
  const auto known = timed("Owner@example.com");
  const auto unknown = timed("nobody@example.com");
  EXPECT_GE(known, std::chrono::milliseconds(390));
  EXPECT_GE(unknown, std::chrono::milliseconds(390));
  const auto received = server.wait_for(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].to, "<owner@example.com>");
  const std::string body = R"({"token":")" + secret_in(received[0], "reset") + R"(","password":"a new password"})";
  EXPECT_EQ(confirm(hub, secret_in(received[0], "reset")).status, 403);  // each link for its purpose
  EXPECT_EQ(hub.call("POST", "/auth/password/reset", body).status, 204);
  EXPECT_EQ(hub.log_in("owner@example.com", "a new password").status, 200);
}

TEST(AccountMails, nobody_is_flooded_with_links) {
  SmtpServer server;
  Hub hub(mailing(), server.url());
  hub.register_account("owner@example.com");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask_reset(hub, "owner@example.com").status, 202);
  ASSERT_GE(server.wait_for(2).size(), 2U);
  EXPECT_EQ(hub.sql("SELECT 1 FROM identity_links").rows.size(), 2U);
}

TEST(AccountMails, an_invitation_to_an_address_goes_there) {
  SmtpServer server;
  Options options = mailing();
  options.registration = Registration::kInvitation;
  Hub hub(options, server.url());
  const std::string owner = hub.register_account("owner@example.com").text("access_token");
  const Reply made = hub.call("POST", "/invitations", R"({"email":"ben@example.com"})", owner);
  ASSERT_EQ(made.status, 201);
  EXPECT_TRUE(made.object().boolean("mailed").value());
  EXPECT_FALSE(hub.call("POST", "/invitations", "{}", owner).object().boolean("mailed").value());
  const auto received = server.wait_for(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(secret_in(received[0], "register"), made.text("token"));
}

class AccountNoticesTest : public ::testing::Test {
 protected:
  AccountNoticesTest() {
    owner_ = hub_.register_account("owner@example.com").text("access_token");
    const Reply ben = hub_.register_account("ben@example.com");
    EXPECT_EQ(server_.wait_for(1).size(), 1U);  // that confirms the address
    ben_ = ben.text("access_token");
    ben_id_ = ben.user("id");
    device_.origin = "https://hub.example.com";
    device_.rp_id = "hub.example.com";
  }
  std::string of(std::string method, std::string path, std::string body, std::string by) {
    const Reply reply = hub_.call(std::move(method), std::move(path), std::move(body), std::move(by));
    EXPECT_LT(reply.status, 300) << reply.error.message;
    return reply.body;
  }
  /// The newest mail, which says that, to whom the account is of, and where it was changed from.
  void expect_told(std::string_view subject, std::string_view sentence) {
    const auto received = server_.wait_for(++told_ + 1);
    ASSERT_EQ(received.size(), told_ + 1) << subject;
    EXPECT_EQ(received.back().to, "<ben@example.com>");
    EXPECT_TRUE(received.back().data.contains("Subject: " + std::string(subject))) << received.back().data;
    const std::string text = received.back().text();
    EXPECT_TRUE(text.contains(sentence)) << text;
    EXPECT_TRUE(text.contains("at https://hub.example.com, from the address 192.0.2.1.")) << text;
  }

  SmtpServer server_;
  Hub hub_{mailing(), server_.url()};
  Authenticator device_;
  std::string owner_, ben_, ben_id_;
  std::size_t told_ = 0;
};

TEST_F(AccountNoticesTest, tell_of_a_password_that_was_changed_or_set_anew) {
  EXPECT_EQ(hub_.call("POST", "/auth/password", R"({"old_password":"no","new_password":"another one"})", ben_).status,
            403);
  of("POST", "/auth/password", R"({"old_password":"long enough","new_password":"another one"})", ben_);
  expect_told("Your password was changed", "the password of your account was changed.");
  const auto link = boost::json::parse(of("POST", "/users/" + ben_id_ + "/reset-link", "", owner_));
  const std::string token(link.at("token").as_string());
  of("POST", "/auth/password/reset", R"({"token":")" + token + R"(","password":"a third one"})", "");
  expect_told("Your password was set anew", "was set anew, by a link.");
}

TEST_F(AccountNoticesTest, tell_of_second_steps_that_were_turned_on_and_off) {
  const std::string shown = R"({"password":"long enough"})";
  const auto made = boost::json::parse(of("POST", "/auth/second-factor/totp", shown, ben_));
  const Bytes secret = concord::testing::base32_decode(std::string(made.at("secret").as_string()));
  const auto code = [&] {
    hub_.clock().advance_ms(crypto::kCodeStepMs);
    return crypto::hotp(secret, static_cast<std::uint64_t>(crypto::code_step(hub_.clock().wall_ms())));
  };
  const auto both = [&] { return R"({"password":"long enough","code":")" + code() + "\"}"; };
  of("POST", "/auth/second-factor/totp/confirm", R"({"code":")" + code() + "\"}", ben_);
  expect_told("Codes of an app are on", "now asks for a code");
  of("POST", "/auth/second-factor/recovery-codes", both(), ben_);
  expect_told("You have new recovery codes", "those before no longer work.");
  of("DELETE", "/auth/second-factor/totp", both(), ben_);
  expect_told("Codes of an app are off", "no longer asks for a code");

  const auto add = [&] {
    const auto options = boost::json::parse(of("POST", "/auth/passkeys/options", shown, ben_));
    const std::string challenge(options.at_pointer("/publicKey/challenge").as_string());
    const std::string body = R"({"name":"Laptop","credential":)" + device_.registration(challenge) + "}";
    const auto added = boost::json::parse(of("POST", "/auth/passkeys", body, ben_));
    return std::string(added.at_pointer("/passkey/id").as_string());
  };
  const std::string id = add();
  expect_told("A passkey was added", "a passkey was added to your account.");
  of("DELETE", "/auth/passkeys/" + id, shown, ben_);
  expect_told("A passkey was removed", "a passkey was removed from your account.");
  add();
  expect_told("A passkey was added", "a passkey was added to your account.");
  of("DELETE", "/users/" + ben_id_ + "/second-factor", "", owner_);
  expect_told("Two-step sign-in was taken off", "an admin took two-step sign-in off your account");
}

TEST(AccountMails, a_hub_without_a_mail_server_says_so) {
  Hub hub;
  const std::string token = hub.register_account("owner@example.com").text("access_token");
  EXPECT_EQ(ask_reset(hub, "owner@example.com").status, 403);
  EXPECT_EQ(hub.call("POST", "/auth/email/confirm-request", "", token).status, 403);
  EXPECT_FALSE(hub.call("GET", "/auth/setup").object().boolean("mail").value());
}

}  // namespace
}  // namespace concord::identity::testing
