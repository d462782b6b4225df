#pragma once
// An issuer of ID tokens with an RSA key and an EC key, for tests alone.

#include <string>
#include <string_view>

#include "crypto/base64.h"
#include "crypto/ec_key_testing.h"
#include "crypto/published_key_testing.h"
#include "crypto/rsa_key.h"
#include "identity/oidc_keys.h"

namespace concord::identity::testing {

/// r and s of a DER signature, 32 bytes each (RFC 7518, 3.4).
inline Bytes raw_signature(ByteView der) {
  Bytes out;
  std::size_t at = 2;
  for (int i = 0; i < 2; ++i) {
    std::size_t size = der[at + 1];
    ByteView number = der.subspan(at + 2, size);
    at += 2 + size;
    while (number.size() > 32) number = number.subspan(1);
    out.insert(out.end(), 32 - number.size(), 0);
    out.insert(out.end(), number.begin(), number.end());
  }
  return out;
}

struct TestIssuer {
  crypto::SigningKey rsa = crypto::SigningKey::from_pem(crypto::testing::kPublishedKeyPem).value();
  concord::testing::EcSigningKey ec;

  std::string rsa_jwk(std::string_view kid = "r1", std::string_view more = "") const {
    return R"({"kty":"RSA","kid":")" + std::string(kid) + R"(","n":")" +
           std::string(crypto::testing::kPublishedModulus) + R"(","e":"AQAB")" + std::string(more) + "}";
  }
  std::string ec_jwk(std::string_view kid = "e1", std::string_view more = "") const {
    return R"({"kty":"EC","crv":"P-256","kid":")" + std::string(kid) + R"(","x":")" + crypto::base64url_encode(ec.x()) +
           R"(","y":")" + crypto::base64url_encode(ec.y()) + "\"" + std::string(more) + "}";
  }
  std::string jwks() const { return R"({"keys":[)" + rsa_jwk() + "," + ec_jwk() + "]}"; }
  IssuerKeys keys() const { return IssuerKeys::parse(jwks()).value(); }

  static std::string unsigned_token(std::string_view header, std::string_view claims) {
    return crypto::base64url_encode(as_bytes(header)) + "." + crypto::base64url_encode(as_bytes(claims));
  }
  std::string rs256(std::string_view claims, std::string_view header = R"({"alg":"RS256","kid":"r1"})") const {
    const std::string text = unsigned_token(header, claims);
    return text + "." + crypto::base64url_encode(rsa.sign(as_bytes(text)).value());
  }
  std::string es256(std::string_view claims, std::string_view header = R"({"alg":"ES256","kid":"e1"})") const {
    const std::string text = unsigned_token(header, claims);
    return text + "." + crypto::base64url_encode(raw_signature(ec.sign(as_bytes(text))));
  }
};

}  // namespace concord::identity::testing
