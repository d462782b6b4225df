#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/property_testing.h"
#include "crypto/base64.h"
#include "crypto/claims.h"
#include "crypto/hash.h"
#include "crypto/jws.h"
#include "crypto/published_key_testing.h"

namespace concord::crypto {
namespace {

std::string reason(const Error& error) {
  for (const auto& [name, value] : error.context)
    if (name == "reason") return value;
  return "";
}

SigningKey published_key() { return SigningKey::from_pem(testing::kPublishedKeyPem).value(); }
std::string encode(std::string_view text) { return base64url_encode(as_bytes(text)); }

constexpr std::string_view kPublishedInput =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr std::string_view kPublishedSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1"
    "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_"
    "dO--xi12jzD"
    "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
    "IoypGlUPQGe7"
    "7Rw";

TEST(RsaKey, signs_as_rfc_7515_appendix_a_2) {
  const SigningKey key = published_key();
  EXPECT_EQ(base64url_encode(key.sign(as_bytes(kPublishedInput)).value()), kPublishedSignature);
  const auto modulus = base64url_decode(testing::kPublishedModulus).value();
  const auto exponent = base64url_decode("AQAB").value();
  const VerifyingKey published = VerifyingKey::from_components(modulus, exponent).value();
  EXPECT_EQ(published.kid(), key.verifying().kid());
  const Bytes signature = base64url_decode(kPublishedSignature).value();
  EXPECT_TRUE(published.verify(as_bytes(kPublishedInput), signature));
  EXPECT_FALSE(published.verify(as_bytes(kPublishedInput.substr(1)), signature));
}

TEST(RsaKey, its_id_is_the_thumbprint_of_rfc_7638) {
  const auto modulus = base64url_decode(
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
      "BJECPebWKRXjBZCiFV4n3oknjh"
      "Mstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
      "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL"
      "5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
      "kEgU8awapJzKnqDKg"
      "w");
  const VerifyingKey key = VerifyingKey::from_components(modulus.value(), Bytes{1, 0, 1}).value();
  EXPECT_EQ(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(RsaKey, its_jwk_has_the_members_of_rfc_7517_and_nothing_private) {
  const SigningKey key = published_key();
  EXPECT_EQ(key.verifying().jwk(), R"({"kty":"RSA","use":"sig","alg":"RS256","kid":")" + key.verifying().kid() +
                                       R"(","n":")" + std::string(testing::kPublishedModulus) + R"(","e":"AQAB"})");
}

TEST(RsaKey, pem_reads_back_as_the_same_key) {
  const SigningKey made = SigningKey::generate().value();
  const SigningKey read = SigningKey::from_pem(made.to_pem()).value();
  EXPECT_EQ(read.verifying().kid(), made.verifying().kid());
  EXPECT_EQ(read.sign(as_bytes("x")).value(), made.sign(as_bytes("x")).value());
  EXPECT_NE(made.verifying().kid(), published_key().verifying().kid());
  EXPECT_EQ(published_key().to_pem(), testing::kPublishedKeyPem);
}

TEST(RsaKey, what_is_no_key_of_an_allowed_size_is_refused) {
  EXPECT_FALSE(SigningKey::generate(1024));
  EXPECT_FALSE(SigningKey::generate(16'384));
  EXPECT_FALSE(SigningKey::from_pem(""));
  EXPECT_FALSE(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_FALSE(SigningKey::from_pem(std::string(100'000, 'A')));
  EXPECT_FALSE(VerifyingKey::from_components(Bytes(128, 0xff), Bytes{1, 0, 1}));
  EXPECT_FALSE(VerifyingKey::from_components(Bytes(2048, 0xff), Bytes{1, 0, 1}));
  EXPECT_FALSE(VerifyingKey::from_components(Bytes(256, 0xff), Bytes{2}));
  EXPECT_FALSE(VerifyingKey::from_components(Bytes(256, 0xff), Bytes{1}));
  EXPECT_FALSE(VerifyingKey::from_components(Bytes(256, 0xff), Bytes{1, 0, 0, 0, 1}));
  EXPECT_FALSE(VerifyingKey::from_components({}, {}));
}

class Token : public ::testing::Test {
 protected:
  Token() { verifier_.add(key_.verifying()); }

  /// Three parts with a true signature of `key_` over whatever header and payload.
  std::string signed_with_header(std::string_view header, std::string_view payload) {
    const std::string input = encode(header) + "." + encode(payload);
    return input + "." + base64url_encode(key_.sign(as_bytes(input)).value());
  }

  const SigningKey key_ = published_key();
  const std::string kid_ = key_.verifying().kid();
  TokenVerifier verifier_{"at+jwt"};
};

TEST_F(Token, what_was_signed_is_read_back) {
  const std::string token = sign_compact(key_, "at+jwt", R"({"sub":"x"})").value();
  EXPECT_EQ(verifier_.verify(token).value(), R"({"sub":"x"})");
  EXPECT_EQ(base64url_decode(token.substr(0, token.find('.'))),
            to_bytes(R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt"})"));
}

TEST_F(Token, each_of_several_keys_verifies_its_own) {
  const SigningKey second = SigningKey::generate().value();
  const std::string token = sign_compact(second, "at+jwt", "{}").value();
  EXPECT_EQ(reason(verifier_.verify(token).error()), "key");
  verifier_.add(second.verifying());
  EXPECT_TRUE(verifier_.verify(token));
  EXPECT_TRUE(verifier_.verify(sign_compact(key_, "at+jwt", "{}").value()));
}

TEST_F(Token, one_key_verifies_for_several_threads_at_once) {
  const std::string token = sign_compact(key_, "at+jwt", R"({"a":1})").value();
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) good += verifier_.verify(token).has_value() ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 800);
}

TEST_F(Token, a_header_that_we_did_not_write_is_refused_though_the_signature_is_true) {
  const std::string headers[] = {
      R"({"alg":"none"})",
      R"({"alg":"none","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"({"alg":"None","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"({"alg":"HS256","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"({"alg":"RS384","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"({"alg":"PS256","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"({"alg":"RS256","typ":"at+jwt"})",
      R"({"alg":"RS256","kid":"other","typ":"at+jwt"})",
      R"({"alg":"RS256","kid":"../../etc/passwd","typ":"at+jwt"})",
      R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"JWT"})",
      R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt","crit":["exp"]})",
      R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt","jku":"https://example.com/keys"})",
      R"({"alg":"RS256","alg":"none","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      R"( {"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt"})",
      "",
  };
  for (const auto& header : headers) {
    const auto result = verifier_.verify(signed_with_header(header, "{}"));
    ASSERT_FALSE(result) << header;
    EXPECT_EQ(result.error().code, Code::kUnauthenticated);
    EXPECT_EQ(reason(result.error()), "key") << header;
  }
  EXPECT_TRUE(verifier_.verify(signed_with_header(R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt"})", "{}")));
}

TEST_F(Token, a_token_of_another_type_is_refused) {
  EXPECT_EQ(reason(verifier_.verify(sign_compact(key_, "svc+jwt", "{}").value()).error()), "key");
}

TEST_F(Token, hs256_with_the_public_key_as_its_secret_is_refused) {
  const std::string header = R"({"alg":"HS256","kid":")" + kid_ + R"(","typ":"at+jwt"})";
  for (const std::string& secret : {std::string(testing::kPublishedModulus), key_.verifying().jwk()}) {
    const std::string input = encode(header) + "." + encode("{}");
    const auto code = hmac_sha256(as_bytes(secret), as_bytes(input));
    EXPECT_FALSE(verifier_.verify(input + "." + base64url_encode(code)));
    // The same code under the header that we do accept.
    const std::string ours = encode(R"({"alg":"RS256","kid":")" + kid_ + R"(","typ":"at+jwt"})") + "." + encode("{}");
    const auto forged = hmac_sha256(as_bytes(secret), as_bytes(ours));
    EXPECT_EQ(reason(verifier_.verify(ours + "." + base64url_encode(forged)).error()), "signature");
  }
}

TEST_F(Token, a_malformed_token_is_refused) {
  const std::string good = sign_compact(key_, "at+jwt", "{}").value();
  const std::string header = good.substr(0, good.find('.'));
  const std::string tokens[] = {
      "",
      ".",
      "..",
      "...",
      "a",
      "a.b",
      good + ".",
      "." + good,
      good + "." + good,
      good + "=",
      good + " ",
      " " + good,
      good + "\n",
      header + "..",
      header + ".." + good.substr(good.rfind('.') + 1),
      header + ".e30",
      header + ".e30.",
      header + "./+8." + good.substr(good.rfind('.') + 1),
      std::string(kMaxTokenBytes + 1, 'a'),
      header + "." + std::string(kMaxTokenBytes, 'a') + ".AAAA",
      std::string(1'000'000, '.'),
  };
  for (const auto& token : tokens) {
    const auto result = verifier_.verify(token);
    ASSERT_FALSE(result) << token.substr(0, 100);
    EXPECT_EQ(result.error().code, Code::kUnauthenticated);
    EXPECT_FALSE(reason(result.error()).empty()) << token.substr(0, 100);
  }
}

TEST_F(Token, a_change_of_any_one_character_is_noticed) {
  const std::string good = sign_compact(key_, "at+jwt", R"({"sub":"usr_1"})").value();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier_.verify(changed)) << "at " << i;
  }
  const std::string empty_signature = good.substr(0, good.rfind('.') + 1);
  EXPECT_FALSE(verifier_.verify(empty_signature));
}

TEST_F(Token, a_payload_that_makes_it_too_long_is_not_signed) {
  EXPECT_EQ(sign_compact(key_, "at+jwt", std::string(kMaxTokenBytes, 'x')).error().code, Code::kInvalidArgument);
}

Claims sample_claims() {
  return {.issuer = "concord",
          .subject = "usr_1",
          .audience = "concord",
          .expires_s = 2000,
          .issued_s = 1000,
          .not_before_s = 1000,
          .token_id = "t",
          .session_id = "s"};
}

TEST(Claims, survive_a_round_trip) {
  const Claims claims = sample_claims();
  EXPECT_EQ(encode_claims(claims),
            R"({"iss":"concord","sub":"usr_1","aud":"concord","exp":2000,"iat":1000,"nbf":1000,"jti":"t","sid":"s"})");
  EXPECT_EQ(parse_claims(encode_claims(claims)).value(), claims);
}

TEST(Claims, anything_but_exactly_these_members_is_refused) {
  const std::string good = encode_claims(sample_claims());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::string payloads[] = {
      "",
      "{}",
      "[]",
      "null",
      good + good,
      good + " x",
      with(R"("iss":"concord",)", ""),
      with(R"("sub":"usr_1",)", ""),
      with(R"("exp":2000,)", ""),
      with(R"(,"sid":"s")", ""),
      with(R"("exp":2000)", R"("exp":"2000")"),
      with(R"("exp":2000)", R"("exp":2000.5)"),
      with(R"("exp":2000)", R"("exp":2e3)"),
      with(R"("exp":2000)", R"("exp":-1)"),
      with(R"("exp":2000)", R"("exp":null)"),
      with(R"("exp":2000)", R"("exp":18446744073709551615)"),
      with(R"("exp":2000)", R"("exp":99999999999999999999999)"),
      with(R"("exp":2000)", R"("exp":2000,"exp":3000)"),
      with(R"("sub":"usr_1")", R"("sub":"usr_1","sub":"usr_2")"),
      with(R"("sub":"usr_1")", R"("sub":"usr_1","s\u0075b":"usr_2")"),
      with(R"("sub":"usr_1")", R"("sub":"")"),
      with(R"("sub":"usr_1")", R"("sub":7)"),
      with(R"("sub":"usr_1")", R"("sub":"a\u0000b")"),
      with(R"("sub":"usr_1")", R"("sub":")" + std::string(256, 'x') + "\""),
      with(R"("aud":"concord")", R"("aud":["concord"])"),
      with(R"("jti":"t")", R"("jti":"t","admin":true)"),
      with(R"("jti":"t")", R"("jti":{"a":{"b":{}}})"),
      "{\"a\":" + std::string(5000, '['),
  };
  for (const auto& payload : payloads) {
    const auto claims = parse_claims(payload);
    ASSERT_FALSE(claims) << payload;
    EXPECT_EQ(claims.error().code, Code::kUnauthenticated) << payload;
    EXPECT_EQ(reason(claims.error()), "malformed") << payload;
  }
}

TEST(Claims, are_held_against_issuer_audience_and_time) {
  const Claims claims = sample_claims();
  const ClaimsRule good{.issuer = "concord", .audience = "concord", .now_s = 1500};
  EXPECT_TRUE(check_claims(claims, good));
  const auto refused = [&](ClaimsRule rule) {
    const auto result = check_claims(claims, rule);
    return result ? "accepted" : reason(result.error());
  };
  EXPECT_EQ(refused({.issuer = "other", .audience = "concord", .now_s = 1500}), "issuer");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "other", .now_s = 1500}), "audience");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "concord", .now_s = 1999}), "accepted");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "concord", .now_s = 2000}), "expired");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "concord", .now_s = 970}), "accepted");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "concord", .now_s = 969}), "not_yet_valid");
  EXPECT_EQ(refused({.issuer = "concord", .audience = "concord", .now_s = 999, .leeway_s = 0}), "not_yet_valid");
}

}  // namespace
}  // namespace concord::crypto
