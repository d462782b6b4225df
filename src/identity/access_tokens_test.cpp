#include <gtest/gtest.h>

#include <thread>

#include "crypto/base64.h"
#include "crypto/claims.h"
#include "crypto/jws.h"
#include "identity/hub_testing.h"
#include "identity/signing_keys.h"

namespace concord::identity::testing {
namespace {

class AccessToken : public ::testing::Test {
 protected:
  AccessToken() : made_(hub_.register_account("ada@example.com")), token_(made_.text("access_token")) {}

  Result<Authenticated> check(std::string token) { return hub_.run(hub_.identity().authenticate_bearer(token)); }
  std::string reason_of(std::string token) {
    const auto result = check(std::move(token));
    if (result) return "accepted";
    EXPECT_EQ(result.error().code, Code::kUnauthenticated);
    for (const auto& [name, value] : result.error().context)
      if (name == "reason") return value;
    return "";
  }
  /// The claims of the good token, changed and signed with the hub's own key.
  template <class Change>
  std::string signed_with(Change change) {
    KeyRing ring = hub_.key_ring();
    EXPECT_TRUE(hub_.run(ring.load()).has_value());
    crypto::Claims claims = claims_of(token_);
    change(claims);
    return crypto::sign_compact(ring.current()->signer, kAccessTokenType, crypto::encode_claims(claims)).value();
  }
  static crypto::Claims claims_of(const std::string& token) {
    const auto first = token.find('.');
    const auto payload = crypto::base64url_decode(token.substr(first + 1, token.rfind('.') - first - 1)).value();
    return crypto::parse_claims(as_text(payload)).value();
  }
  double checks(const std::string& result) {
    return hub_.metric("concord_identity_token_checks_total{result=\"" + result + "\"}");
  }

  Hub hub_;
  const Reply made_;
  const std::string token_;
};

TEST_F(AccessToken, says_who_and_until_when) {
  const Authenticated who = check(token_).value();
  EXPECT_EQ(who.principal.id.str(), made_.user("id"));
  EXPECT_EQ(who.principal.email, "ada@example.com");
  EXPECT_EQ(who.principal.name, "ada");
  EXPECT_EQ(who.principal.role, Role::kOwner);
  const crypto::Claims claims = claims_of(token_);
  EXPECT_EQ(claims.issuer, "concord");
  EXPECT_EQ(claims.audience, "concord");
  EXPECT_EQ(claims.expires_s - claims.issued_s, 900);
  EXPECT_EQ(claims.not_before_s, claims.issued_s);
  EXPECT_EQ(who.expires_ms, claims.expires_s * 1000);
  EXPECT_EQ(who.session.str(), claims.session_id);
  EXPECT_GE(claims.token_id.size(), 20U);
}

TEST_F(AccessToken, of_a_session_that_is_known_is_verified_without_the_tables) {
  const auto another = [&](const std::string& id) { return signed_with([&](crypto::Claims& c) { c.token_id = id; }); };
  EXPECT_TRUE(check(token_));
  EXPECT_TRUE(check(another("second")));
  EXPECT_EQ(checks("session"), 1);
  EXPECT_EQ(checks("cold"), 1);
  const std::string other = hub_.register_account("ben@example.com").user("id");
  EXPECT_EQ(reason_of(signed_with([&](crypto::Claims& c) { c.subject = other; })), "session");

  hub_.sql("UPDATE identity_users SET name = 'Ada' WHERE email_key = 'ada@example.com'");
  EXPECT_EQ(check(another("third"))->principal.name, "ada");
  const std::string path = "/users/" + other;
  ASSERT_EQ(hub_.call("PATCH", path, R"({"role":"guest"})", token_).status, 200);  // what is known is forgotten
  EXPECT_EQ(check(another("fourth"))->principal.name, "Ada");
  hub_.call("POST", "/auth/logout", R"({"refresh_token":")" + made_.text("refresh_token") + "\"}");
  EXPECT_EQ(reason_of(another("fifth")), "session");
}

TEST_F(AccessToken, is_verified_once_and_then_remembered) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(check(token_));
  EXPECT_EQ(checks("cold"), 1);
  EXPECT_EQ(checks("cached"), 4);
  EXPECT_EQ(hub_.metric("concord_identity_token_cache_entries"), 2);
}

TEST_F(AccessToken, expires_also_when_it_is_remembered) {
  EXPECT_TRUE(check(token_));
  hub_.clock().advance_ms(901'000);
  EXPECT_EQ(reason_of(token_), "expired");
  EXPECT_EQ(checks("refused"), 1);
}

TEST_F(AccessToken, of_two_sessions_names_its_own) {
  const std::string second = hub_.log_in("ada@example.com").text("access_token");
  EXPECT_NE(check(second)->session, check(token_)->session);
  EXPECT_EQ(check(second)->principal.id, check(token_)->principal.id);
}

TEST_F(AccessToken, signed_here_with_other_claims_is_refused) {
  EXPECT_EQ(reason_of(signed_with([](auto&) {})), "accepted");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.issuer = "https://other.example"; })), "issuer");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.audience = "other"; })), "audience");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.expires_s = c.issued_s - 1; })), "expired");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.not_before_s += 600; })), "not_yet_valid");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.subject = "usr_x"; })), "malformed");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.subject = "doc_" + c.subject.substr(4); })), "malformed");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.session_id = "x"; })), "malformed");
  EXPECT_EQ(reason_of(signed_with([](auto& c) { c.subject = UserId{}.str(); })), "session");
}

TEST_F(AccessToken, tampered_with_is_refused_also_after_the_good_one_was_remembered) {
  EXPECT_TRUE(check(token_));
  const std::string header = token_.substr(0, token_.find('.'));
  const std::string payload = token_.substr(header.size() + 1, token_.rfind('.') - header.size() - 1);
  const std::string signature = token_.substr(token_.rfind('.') + 1);
  const auto none = crypto::base64url_encode(as_bytes(R"({"alg":"none"})"));
  const std::pair<std::string, std::string> cases[] = {
      {"", "malformed"},
      {".", "malformed"},
      {token_ + ".", "malformed"},
      {token_ + "=", "malformed"},
      {header + "." + payload, "malformed"},
      {header + "." + payload + ".", "signature"},
      {none + "." + payload + ".", "key"},
      {none + "." + payload + "." + signature, "key"},
      {header + "." + payload.substr(4) + "." + signature, "signature"},
      {std::string(100'000, 'a'), "malformed"},
      {header + "." + std::string(100'000, 'a') + "." + signature, "malformed"},
  };
  for (const auto& [token, reason] : cases) EXPECT_EQ(reason_of(token), reason) << token.substr(0, 60);
  EXPECT_EQ(reason_of(token_), "accepted");
}

TEST_F(AccessToken, of_another_hub_is_refused) {
  Hub other;
  EXPECT_EQ(reason_of(other.register_account("ada@example.com").text("access_token")), "key");
}

TEST_F(AccessToken, is_read_from_the_authorization_header) {
  const auto with = [&](std::string header) {
    net::Request request;
    if (!header.empty()) request.headers.push_back({"authorization", std::move(header)});
    const auto result = hub_.run(hub_.identity().authenticate(request));
    if (result) return std::string("accepted");
    EXPECT_EQ(result.error().code, Code::kUnauthenticated);
    return result.error().context.at(0).second;
  };
  EXPECT_EQ(with("Bearer " + token_), "accepted");
  EXPECT_EQ(with("bearer " + token_), "accepted");
  EXPECT_EQ(with("BEARER   " + token_), "accepted");
  EXPECT_EQ(with(""), "missing");
  EXPECT_EQ(with("Bearer"), "malformed");
  EXPECT_EQ(with("Bearer "), "malformed");
  EXPECT_EQ(with("Basic YTpi"), "malformed");
  EXPECT_EQ(with("Bearers " + token_), "malformed");
  EXPECT_EQ(with(token_), "malformed");
  EXPECT_EQ(with("Bearer x y"), "malformed");
  EXPECT_EQ(with("Bearer " + token_ + " "), "malformed");
}

TEST_F(AccessToken, is_checked_by_many_threads_at_once) {
  std::vector<std::string> tokens{token_};
  for (int i = 0; i < 7; ++i) tokens.push_back(hub_.log_in("ada@example.com").text("access_token"));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += check(tokens[static_cast<std::size_t>(i) % tokens.size()]) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

TEST_F(AccessToken, users_are_found_by_id_and_by_email) {
  const UserId id = check(token_)->principal.id;
  hub_.register_account("bob@example.com");
  Identity& identity = hub_.identity();
  EXPECT_EQ(hub_.run(identity.find_user(id)).value()->email, "ada@example.com");
  EXPECT_EQ(hub_.run(identity.find_user(UserId{})).value(), std::nullopt);
  EXPECT_EQ(hub_.run(identity.find_user(id.str())).value()->id, id);
  EXPECT_EQ(hub_.run(identity.find_user(std::string("ADA@example.com"))).value()->id, id);
  EXPECT_EQ(hub_.run(identity.find_user_by_email("bob@example.com")).value()->name, "bob");
  for (const char* text : {"", "nobody@example.com", "not an address", "usr_", "'; DROP TABLE identity_users; --"})
    EXPECT_EQ(hub_.run(identity.find_user(std::string(text))).value(), std::nullopt) << text;
  EXPECT_TRUE(hub_.run(identity.find_users({})).value().empty());
  std::vector<UserId> ids{id, UserId{}, id, hub_.run(identity.find_user_by_email("bob@example.com")).value()->id};
  EXPECT_EQ(hub_.run(identity.find_users(ids)).value().size(), 2U);
  SystemIdSource source(hub_.clock());
  for (int i = 0; i < 1500; ++i) ids.push_back(UserId::make(source, Slot{}));
  EXPECT_EQ(hub_.run(identity.find_users(ids)).value().size(), 2U);
}

}  // namespace
}  // namespace concord::identity::testing
