#include "identity/oauth_attempts.h"

#include "identity/hub_testing.h"
#include "identity/oauth_routes.h"
#include "identity/one_time_secret.h"

namespace concord::identity {
namespace {

class Attempts : public ::testing::Test {
 protected:
  void begin(const std::string& state, const std::string& browser = "b", std::optional<UserId> linking = {}) {
    ASSERT_TRUE(hub_.run(attempts_.begin(state, browser, {"acme", linking}, hub_.clock().wall_ms())));
  }
  bool take(const std::string& state, const std::string& browser = "b", const std::string& provider = "acme") {
    return hub_.run(attempts_.take(state, browser, provider, hub_.clock().wall_ms())).value().has_value();
  }
  std::string keep(std::optional<UserId> linking = {}) {
    return hub_
        .run(attempts_.keep({.attempt = {"acme", linking},
                             .issuer = "https://id.example",
                             .profile = {.subject = "s", .email = "a@b.test", .email_verified = true, .name = "A"}},
                            "b", hub_.clock().wall_ms()))
        .value();
  }
  std::optional<OAuthProof> claim(const std::string& ticket, const std::string& browser = "b",
                                  std::optional<UserId> linking = {}) {
    return hub_.run(attempts_.claim(ticket, browser, linking, hub_.clock().wall_ms())).value();
  }

  testing::Hub hub_;
  OAuthAttempts attempts_{hub_.tables()};
};

TEST_F(Attempts, are_taken_once_by_the_browser_and_the_provider_they_are_of) {
  begin("s1");
  EXPECT_FALSE(take("s1", "other"));
  EXPECT_FALSE(take("s1", ""));
  EXPECT_FALSE(take("s1", "b", "other"));
  EXPECT_FALSE(take("s2"));
  EXPECT_TRUE(take("s1"));
  EXPECT_FALSE(take("s1"));
}

TEST_F(Attempts, end_after_ten_minutes) {
  begin("s1");
  begin("s2");
  hub_.clock().advance_ms(OAuthAttempts::kAttemptMs - 60'000);
  EXPECT_TRUE(take("s1"));
  hub_.clock().advance_ms(60'000);
  EXPECT_FALSE(take("s2"));
  begin("s3");
  EXPECT_EQ(hub_.sql("SELECT 1 FROM identity_oauth_attempts").rows.size(), 1U) << "what is over goes";
}

TEST_F(Attempts, are_bounded_by_browser_and_altogether) {
  for (int i = 0; i <= OAuthAttempts::kPerBrowser; ++i) {
    begin("s" + std::to_string(i));
    hub_.clock().advance_ms(10);
  }
  EXPECT_FALSE(take("s0"));
  EXPECT_TRUE(take("s1"));
  const std::int64_t later_ms = hub_.clock().wall_ms() + OAuthAttempts::kAttemptMs;
  hub_.sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO "
      "identity_oauth_attempts (state_hash, browser_hash, provider, linking, expires_ms) SELECT 'h' || i, 'b' || i, "
      "'acme', '', $2 + i FROM n",
      {OAuthAttempts::kMost, later_ms});
  hub_.clock().advance_ms(60'000);
  begin("last");
  EXPECT_EQ(hub_.sql("SELECT 1 FROM identity_oauth_attempts").rows.size(),
            static_cast<std::size_t>(OAuthAttempts::kMost));
  EXPECT_FALSE(take("s2")) << "the oldest gave way";
  EXPECT_TRUE(take("last"));
}

TEST_F(Attempts, proofs_are_claimed_once_in_time_by_whom_they_are_for) {
  const std::string ticket = keep();
  const UserId user = UserId::parse("usr_01ke3m0q6dfgwvh8znx5n4p2rt").value();
  EXPECT_FALSE(claim(ticket, "other"));
  EXPECT_FALSE(claim(ticket, "b", user)) << "a sign-in connects nothing";
  const auto proof = claim(ticket);
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->issuer, "https://id.example");
  EXPECT_EQ(proof->profile.subject, "s");
  EXPECT_EQ(proof->profile.email, "a@b.test");
  EXPECT_TRUE(proof->profile.email_verified);
  EXPECT_EQ(proof->profile.name, "A");
  EXPECT_FALSE(claim(ticket));
  EXPECT_FALSE(claim(keep(user))) << "what connects signs nobody in";
  EXPECT_TRUE(claim(keep(user), "b", user));
  const std::string late = keep();
  hub_.clock().advance_ms(OAuthAttempts::kProofMs);
  EXPECT_FALSE(claim(late));
}

TEST_F(Attempts, no_secret_is_stored) {
  begin("the-state", "the-browser");
  const std::string ticket = keep();
  for (const std::string table : {"identity_oauth_attempts", "identity_oauth_proofs"}) {
    for (const engines::Row& row : hub_.sql("SELECT * FROM " + table).rows) {
      for (std::size_t i = 0; i < 2; ++i) {
        const std::string text = engines::as_string(row[i]);
        EXPECT_TRUE(text != "the-state" && text != "the-browser" && text != ticket && text != "b") << table;
      }
    }
  }
}

TEST(Derived, secrets_need_both_halves_and_name_their_purpose) {
  const std::string one = oauth_derived("browser", "nonce", "state");
  EXPECT_EQ(one.size(), 43U);
  EXPECT_EQ(one, oauth_derived("browser", "nonce", "state"));
  EXPECT_NE(one, oauth_derived("browser2", "nonce", "state"));
  EXPECT_NE(one, oauth_derived("browser", "verifier", "state"));
  EXPECT_NE(one, oauth_derived("browser", "nonce", "state2"));
  // RFC 7636, appendix B.
  EXPECT_EQ(oauth_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Cookies, have_the_secret_or_nothing) {
  const std::string secret = make_one_time_secret();
  EXPECT_EQ(cookie_secret("concord-oauth=" + secret, "concord-oauth"), secret);
  EXPECT_EQ(cookie_secret("a=b; concord-oauth=" + secret + "; c=d", "concord-oauth"), secret);
  EXPECT_EQ(cookie_secret("concord-oauth=short; concord-oauth=" + secret, "concord-oauth"), secret);
  for (const std::string& wrong :
       {std::string(), std::string("concord-oauth"), "xconcord-oauth=" + secret, "concord-oauth =" + secret,
        "concord-oauth=" + secret + "x", "concord-oauth=\"" + secret + "\"", "concord-oauth=" + std::string(43, '/'),
        "__Host-concord-oauth=" + secret, std::string(";;;= ;"), "concord-oauth=" + std::string(43, '\xff')})
    EXPECT_EQ(cookie_secret(wrong, "concord-oauth"), "") << wrong;
}

}  // namespace
}  // namespace concord::identity
