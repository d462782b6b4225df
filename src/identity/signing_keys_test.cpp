#include "identity/signing_keys.h"

#include <gtest/gtest.h>

#include <thread>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

Task<std::shared_ptr<const SigningKeys>> loaded(KeyRing& ring) {
  CO_TRY_VOID(co_await ring.load());
  co_return ring.current();
}

class SigningKeysOfAHub : public ::testing::Test {
 protected:
  std::size_t count() { return hub_.sql("SELECT kid FROM identity_keys").rows.size(); }
  std::string jwks() { return hub_.call("GET", "/.well-known/jwks.json").body; }
  void look_after() { ASSERT_TRUE(hub_.run(hub_.identity().look_after_keys()).has_value()); }
  int me(const std::string& token) { return hub_.call("GET", "/auth/me", "", token).status; }
  /// The `kid` of the key that a token names, or "" where the hub publishes none such.
  std::string signer_of(const std::string& token) {
    KeyRing ring = hub_.key_ring();
    const auto keys = hub_.run(loaded(ring)).value();
    for (const crypto::VerifyingKey& key : keys->verifier.keys()) {
      crypto::TokenVerifier one{std::string(kAccessTokenType)};
      one.add(key);
      if (one.verify(token)) return key.kid();
    }
    return "";
  }
  std::string newest() {
    return engines::as_string(hub_.sql("SELECT kid FROM identity_keys ORDER BY created_ms DESC").rows.front()[0]);
  }

  Hub hub_;
};

TEST_F(SigningKeysOfAHub, outlive_a_restart) {
  const std::string token = hub_.register_account("a@example.com").text("access_token");
  const std::string before = jwks();
  hub_.restart(quick_options());
  EXPECT_EQ(jwks(), before);
  EXPECT_EQ(me(token), 200);
}

TEST_F(SigningKeysOfAHub, are_made_by_one_of_nodes_that_start_together) {
  hub_.sql("DELETE FROM identity_keys");
  std::vector<std::string> seen(4);
  std::vector<std::thread> nodes;
  nodes.reserve(seen.size());
  for (std::string& one : seen)
    nodes.emplace_back([&] {
      KeyRing ring = hub_.key_ring();
      one = hub_.run(loaded(ring)).value()->jwks;
    });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(count(), 1U);
  for (const std::string& one : seen) EXPECT_EQ(one, seen[0]);
}

TEST_F(SigningKeysOfAHub, are_stored_sealed_also_those_that_were_not) {
  const auto stored = [&] { return engines::as_string(hub_.sql("SELECT private_pem FROM identity_keys").rows[0][0]); };
  EXPECT_TRUE(stored().starts_with("sealed:")) << stored().substr(0, 10);
  const crypto::SigningKey plain = crypto::SigningKey::generate().value();
  hub_.sql("UPDATE identity_keys SET kid = $1, private_pem = $2", {plain.verifying().kid(), plain.to_pem()});
  hub_.restart(quick_options());
  EXPECT_TRUE(stored().starts_with("sealed:"));
  EXPECT_NE(jwks().find(plain.verifying().kid()), std::string::npos);
  hub_.restart(quick_options());
  EXPECT_NE(jwks().find(plain.verifying().kid()), std::string::npos);
}

TEST_F(SigningKeysOfAHub, get_a_successor_that_signs_when_it_was_published_for_a_while) {
  const std::string first = newest();
  const std::string token = hub_.register_account("a@example.com").text("access_token");
  EXPECT_EQ(signer_of(token), first);
  hub_.clock().advance_ms(90 * kDayMs - kMinuteMs);
  look_after();
  EXPECT_EQ(count(), 1U);
  hub_.clock().advance_ms(2 * kMinuteMs);
  look_after();
  const std::string second = newest();
  EXPECT_NE(second, first);
  EXPECT_NE(jwks().find(second), std::string::npos) << "published";
  EXPECT_EQ(signer_of(hub_.log_in("a@example.com").text("access_token")), first) << "and does not sign yet";

  hub_.clock().advance_ms(7 * kMinuteMs);
  look_after();
  const std::string by_second = hub_.log_in("a@example.com").text("access_token");
  EXPECT_EQ(signer_of(by_second), second);
  EXPECT_NE(jwks().find(first), std::string::npos) << "what it signed is valid still";

  hub_.clock().advance_ms(16 * kMinuteMs);
  look_after();
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(jwks().find(first), std::string::npos);
  EXPECT_EQ(signer_of(hub_.log_in("a@example.com").text("access_token")), second);
}

TEST_F(SigningKeysOfAHub, of_tokens_that_live_are_kept) {
  const std::string token = hub_.register_account("a@example.com").text("access_token");
  ASSERT_EQ(hub_.call("POST", "/auth/keys", "{}", token).status, 201);
  for (int minute = 0; minute < 14; ++minute) {
    hub_.clock().advance_ms(kMinuteMs);
    look_after();
    EXPECT_EQ(me(token), 200) << minute;
  }
}

TEST_F(SigningKeysOfAHub, are_renewed_at_once_and_no_earlier_token_is_good) {
  const std::string owner = hub_.register_account("a@example.com").text("access_token");
  const std::string member = hub_.register_account("b@example.com").text("access_token");
  const std::string first = newest();
  EXPECT_EQ(hub_.call("POST", "/auth/keys", "{}", member).status, 403);
  EXPECT_EQ(hub_.call("POST", "/auth/keys", R"({"at_once":1})", owner).status, 400);
  EXPECT_EQ(me(member), 200);
  const Reply made = hub_.call("POST", "/auth/keys", R"({"at_once":true})", owner);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_NE(made.text("kid"), first);
  EXPECT_EQ(newest(), made.text("kid"));
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(me(owner), 401);
  EXPECT_EQ(me(member), 401);
  const std::string again = hub_.log_in("a@example.com").text("access_token");
  EXPECT_EQ(me(again), 200);
  EXPECT_EQ(signer_of(again), made.text("kid"));
}

TEST_F(SigningKeysOfAHub, are_bounded_in_number) {
  const std::string owner = hub_.register_account("a@example.com").text("access_token");
  for (int i = 1; i < 8; ++i) EXPECT_EQ(hub_.call("POST", "/auth/keys", "{}", owner).status, 201) << i;
  const Reply refused = hub_.call("POST", "/auth/keys", "{}", owner);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.fact("limit"), "8");
  EXPECT_EQ(hub_.call("POST", "/auth/keys", R"({"at_once":true})", owner).status, 201);
}

TEST_F(SigningKeysOfAHub, that_are_malformed_are_corrupt) {
  for (const char* text : {"x", "sealed:", "sealed:!!", "sealed:AAAA"}) {
    hub_.sql("UPDATE identity_keys SET private_pem = $1", {std::string(text)});
    KeyRing ring = hub_.key_ring();
    const auto read = hub_.run(loaded(ring));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace concord::identity::testing
