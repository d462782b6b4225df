#include "identity/oidc_tokens.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/hash.h"
#include "identity/id_token_testing.h"
#include "identity/oidc_reading.h"

namespace concord::identity {
namespace {

namespace bj = boost::json;
using testing::TestIssuer;

constexpr std::int64_t kNowS = 1'800'000'000;
constexpr std::string_view kIssuer = "https://id.example";
constexpr std::string_view kAccessToken = "at-123";

const TestIssuer& issuer() {
  static const TestIssuer one;
  return one;
}

bj::object claims() {
  return {{"iss", kIssuer},    {"sub", "u-1"},        {"aud", "hub"},           {"exp", kNowS + 300}, {"iat", kNowS},
          {"nonce", "n-once"}, {"email", "a@b.test"}, {"email_verified", true}, {"name", "Ada"}};
}

Result<Profile> check(std::string_view token, const IssuerKeys& keys) {
  return check_id_token(
      token, keys,
      {.issuer = kIssuer, .client_id = "hub", .nonce = "n-once", .access_token = kAccessToken, .now_s = kNowS});
}
Result<Profile> check(std::string_view token) { return check(token, issuer().keys()); }

/// "" where it holds.
std::string reason_of(const Result<Profile>& checked) {
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Code::kUnauthenticated);
  for (const auto& [name, value] : checked.error().context)
    if (name == "reason") return value;
  return "(none)";
}

std::string at_hash_of(std::string_view access_token) {
  const crypto::Sha256 hash = crypto::sha256(as_bytes(access_token));
  return crypto::base64url_encode(ByteView(hash).first(16));
}

TEST(IdToken, of_either_algorithm_tells_who_it_is) {
  for (const std::string& token : {issuer().rs256(bj::serialize(claims())), issuer().es256(bj::serialize(claims()))}) {
    const auto profile = check(token);
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->subject, "u-1");
    EXPECT_EQ(profile->email, "a@b.test");
    EXPECT_TRUE(profile->email_verified);
    EXPECT_EQ(profile->name, "Ada");
  }
}

struct Case {
  std::string_view claim;
  bj::value value;  // null: the claim is absent
  std::string_view reason;
};

TEST(IdToken, every_claim_is_held) {
  const std::vector<Case> cases{
      {"iss", "https://id.example/", "issuer"},
      {"iss", "https://ID.example", "issuer"},
      {"iss", 7, "malformed"},
      {"iss", nullptr, "malformed"},
      {"aud", "hub2", "audience"},
      {"aud", "", "audience"},
      {"aud", nullptr, "audience"},
      {"aud", 1, "audience"},
      {"aud", bj::array{}, "audience"},
      {"aud", bj::array{"other"}, "audience"},
      {"aud", bj::array{"hub"}, ""},
      {"aud", bj::array{"hub", "other"}, "party"},
      {"aud", bj::array(17, "hub"), "audience"},
      {"azp", "hub", ""},
      {"azp", "other", "party"},
      {"azp", 1, "malformed"},
      {"exp", kNowS - 59, ""},
      {"exp", kNowS - 60, "expired"},
      {"exp", 0, "expired"},
      {"exp", nullptr, "malformed"},
      {"exp", "1900000000", "malformed"},
      {"exp", -1, "malformed"},
      {"exp", 1e300, "malformed"},
      {"iat", kNowS + 60, ""},
      {"iat", kNowS + 61, "issued"},
      {"iat", kNowS - 659, ""},
      {"iat", kNowS - 660, "issued"},
      {"iat", nullptr, "malformed"},
      {"nbf", kNowS + 60, ""},
      {"nbf", kNowS + 61, "issued"},
      {"nbf", "soon", "malformed"},
      {"nonce", "n-other", "nonce"},
      {"nonce", "", "nonce"},
      {"nonce", nullptr, "nonce"},
      {"nonce", bj::array{"n-once"}, "nonce"},
      {"at_hash", bj::string(at_hash_of(kAccessToken)), ""},
      {"at_hash", bj::string(at_hash_of("another")), "access_token"},
      {"at_hash", "", "malformed"},
      {"sub", nullptr, "malformed"},
      {"sub", "", "malformed"},
      {"sub", bj::string(256, 'x'), "malformed"},
      {"sub", bj::string(255, 'x'), ""},
      {"sub", "a b", "malformed"},
      {"sub", "ä", "malformed"},
      {"sub", 5, "malformed"},
  };
  for (const Case& one : cases) {
    bj::object changed = claims();
    if (one.value.is_null())
      changed.erase(one.claim);
    else
      changed[one.claim] = one.value;
    const std::string text = bj::serialize(changed);
    EXPECT_EQ(reason_of(check(issuer().rs256(text))), one.reason) << text;
    EXPECT_EQ(reason_of(check(issuer().es256(text))), one.reason) << text;
  }
}

TEST(IdToken, of_several_audiences_names_us_as_its_party) {
  bj::object changed = claims();
  changed["aud"] = bj::array{"other", "hub"};
  changed["azp"] = "hub";
  EXPECT_EQ(reason_of(check(issuer().rs256(bj::serialize(changed)))), "");
}

TEST(IdToken, is_signed_by_a_key_of_the_issuer_with_its_algorithm) {
  const std::string good = bj::serialize(claims());
  const TestIssuer other;  // another EC key
  struct Row {
    std::string token;
    std::string_view reason;
  };
  const std::vector<Row> rows{
      {TestIssuer::unsigned_token(R"({"alg":"none"})", good) + ".", "algorithm"},
      {TestIssuer::unsigned_token(R"({"alg":"none","kid":"r1"})", good) + ".AAAA", "algorithm"},
      {issuer().rs256(good, R"({"alg":"HS256","kid":"r1"})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"RS512","kid":"r1"})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"PS256","kid":"r1"})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"rs256","kid":"r1"})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"RS256","kid":"r1","crit":["x"],"x":1})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"RS256","kid":"r1","b64":false})"), "algorithm"},
      {issuer().rs256(good, R"({"alg":"RS256","kid":"e1"})"), "key"},
      {issuer().rs256(good, R"({"alg":"ES256","kid":"r1"})"), "key"},
      {issuer().rs256(good, R"({"alg":"ES256","kid":"e1"})"), "signature"},
      {issuer().rs256(good, R"({"alg":"RS256","kid":"unknown"})"), "key"},
      {issuer().rs256(good, R"({"alg":"RS256"})"), ""},
      {issuer().rs256(good, R"({"kid":"r1"})"), "malformed"},
      {issuer().rs256(good, R"({"alg":"RS256","kid":7})"), "malformed"},
      {issuer().rs256(good, R"({"alg":"RS256","alg":"RS256","kid":"r1"})"), "malformed"},
      // A key that the token brings along does not count.
      {other.es256(good, R"({"alg":"ES256","kid":"e1","jwk":)" + other.ec_jwk() + "}"), "signature"},
      {other.es256(good), "signature"},
      {issuer().es256(good) + "AA", "signature"},
      {issuer().rs256(good) + ".x", "malformed"},
      {TestIssuer::unsigned_token(R"({"alg":"RS256","kid":"r1"})", good), "malformed"},
      {TestIssuer::unsigned_token(R"({"alg":"ES256","kid":"e1"})", good) + ".", "signature"},
      {"", "malformed"},
      {"a.b.c", "malformed"},
      {std::string(kMaxProviderTokenBytes + 1, 'a'), "malformed"},
  };
  for (const Row& row : rows) EXPECT_EQ(reason_of(check(row.token)), row.reason) << row.token;

  // One character of each part changed.
  const std::string token = issuer().rs256(good);
  for (const std::size_t at : {std::size_t{5}, token.find('.') + 9, token.rfind('.') + 9}) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check(changed)) << at;
  }
}

TEST(IdToken, without_a_kid_there_is_one_key_of_its_algorithm) {
  const std::string token = issuer().rs256(bj::serialize(claims()), R"({"alg":"RS256"})");
  const std::string two = R"({"keys":[)" + issuer().rsa_jwk("r1") + "," + issuer().rsa_jwk("r2") + "]}";
  EXPECT_EQ(reason_of(check(token, IssuerKeys::parse(two).value())), "key");
  EXPECT_EQ(reason_of(check(token, IssuerKeys::parse(R"({"keys":[]})").value())), "key");
}

TEST(IdToken, a_profile_of_the_wrong_form_is_not_told) {
  bj::object changed = claims();
  changed["email"] = "not an address";
  changed["name"] = bj::string(300, 'x');
  auto profile = check(issuer().rs256(bj::serialize(changed)));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->email, "");
  EXPECT_FALSE(profile->email_verified);
  EXPECT_EQ(profile->name, "");
  changed = claims();
  changed["email_verified"] = "true";
  EXPECT_TRUE(check(issuer().rs256(bj::serialize(changed)))->email_verified);
  changed["email_verified"] = "yes";
  EXPECT_FALSE(check(issuer().rs256(bj::serialize(changed)))->email_verified);
  changed.erase("email_verified");
  EXPECT_FALSE(check(issuer().rs256(bj::serialize(changed)))->email_verified);
}

TEST(TokenAnswer, has_the_tokens_or_says_why_not) {
  const auto good =
      parse_token_answer(R"({"access_token":"a","token_type":"BEARER","id_token":"x.y.z","expires_in":1})");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->access_token, "a");
  EXPECT_EQ(good->id_token, "x.y.z");
  EXPECT_EQ(parse_token_answer(R"({"access_token":"a","token_type":"bearer"})")->id_token, "");
  for (const std::string_view wrong :
       {R"({"access_token":"a"})", R"({"token_type":"bearer"})", R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a\nb: c","token_type":"bearer"})", R"({"access_token":"a b","token_type":"bearer"})",
        R"({"access_token":"","token_type":"bearer"})", R"({"access_token":"a","token_type":"bearer","id_token":1})",
        "[]", "", "access_token=a&token_type=bearer"})
    EXPECT_EQ(parse_token_answer(wrong).error().context.front().second, "tokens") << wrong;
  const auto refused = parse_token_answer(R"({"error":"invalid_grant","error_description":"used"})");
  EXPECT_EQ(refused.error().context.front().second, "refused");
  EXPECT_NE(refused.error().message.find("invalid_grant"), std::string::npos);
}

TEST(UserInfo, is_of_the_same_subject) {
  EXPECT_EQ(parse_user_info(R"({"sub":"u-1","email":"a@b.test"})", "u-1")->email, "a@b.test");
  for (const std::string_view wrong : {R"({"sub":"u-2"})", R"({"email":"a@b.test"})", R"({"sub":1})", "x"})
    EXPECT_FALSE(parse_user_info(wrong, "u-1")) << wrong;
  EXPECT_FALSE(parse_user_info(std::string(kMaxProviderAnswerBytes + 1, ' '), "u-1"));
}

TEST(IssuerKeys, pass_over_what_cannot_have_signed) {
  const std::string modulus(crypto::testing::kPublishedModulus);
  for (const std::string& key :
       {issuer().rsa_jwk("r1", R"(,"use":"enc")"), issuer().rsa_jwk("r1", R"(,"alg":"RS512")"),
        issuer().ec_jwk("e1", R"(,"alg":"ES384")"), std::string(R"({"kty":"oct","k":"AAAA","kid":"r1"})"),
        std::string(R"({"kty":"RSA","kid":"r1","n":"AQAB","e":"AQAB"})"), R"({"kty":"RSA","n":")" + modulus + R"("})",
        R"({"kty":"RSA","n":")" + modulus + R"(","e":"AA"})",
        R"({"kty":"RSA","kid":5,"n":")" + modulus + R"(","e":"AQAB"})",
        std::string(R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})"),
        R"({"kty":"EC","x":")" + crypto::base64url_encode(issuer().ec.x()) + R"(","y":")" +
            crypto::base64url_encode(issuer().ec.y()) + "\"}",
        std::string("7"), std::string("{}")}) {
    const auto keys = IssuerKeys::parse(R"({"keys":[)" + key + "]}");
    ASSERT_TRUE(keys) << key;
    EXPECT_EQ(keys->size(), 0U) << key;
  }
  EXPECT_EQ(issuer().keys().size(), 2U);
}

TEST(IssuerKeys, are_a_bounded_list) {
  for (const std::string_view wrong : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":"x"})"})
    EXPECT_FALSE(IssuerKeys::parse(wrong)) << wrong;
  std::string many = R"({"keys":[{})";
  for (int i = 0; i < 64; ++i) many += ",{}";
  EXPECT_FALSE(IssuerKeys::parse(many + "]}"));
  EXPECT_FALSE(IssuerKeys::parse(R"({"keys":[],"x":")" + std::string(kMaxProviderAnswerBytes, 'x') + "\"}"));
}

}  // namespace
}  // namespace concord::identity
