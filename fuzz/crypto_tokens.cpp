// What stands between a stranger's bytes and a signed token: the token's form, its claims, a stored password hash,
// base64url. The first byte picks one; the rest is its input. What is accepted is held against what wrote it.
#include <cstdlib>

#include "base/bytes.h"
#include "crypto/base64.h"
#include "crypto/claims.h"
#include "crypto/jws.h"
#include "crypto/password.h"
#include "crypto/published_key_testing.h"

namespace {

using namespace concord;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Issuer {
  crypto::SigningKey key = crypto::SigningKey::from_pem(crypto::testing::kPublishedKeyPem).value();
  crypto::TokenVerifier verifier{"at+jwt"};
  std::string good = crypto::sign_compact(key, "at+jwt", "{}").value();

  Issuer() { verifier.add(key.verifying()); }
};

/// Nothing but the one token that was signed is ever accepted, whatever follows a true header.
void verify_token(std::string_view text, bool behind_true_header) {
  static const Issuer issuer;
  const std::string token =
      behind_true_header ? issuer.good.substr(0, issuer.good.find('.') + 1) + std::string(text) : std::string(text);
  const auto payload = issuer.verifier.verify(token);
  require(payload.has_value() == (token == issuer.good));
  if (!payload) require(payload.error().code == Code::kUnauthenticated);
}

void read_claims(std::string_view text) {
  const auto claims = crypto::parse_claims(text);
  if (!claims) {
    require(claims.error().code == Code::kUnauthenticated);
    return;
  }
  require(crypto::parse_claims(crypto::encode_claims(*claims)).value() == *claims);
}

void read_base64(std::string_view text) {
  if (const auto bytes = crypto::base64url_decode(text)) require(crypto::base64url_encode(*bytes) == text);
  if (const auto bytes = crypto::base64_decode_unpadded(text)) require(crypto::base64_encode_unpadded(*bytes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(ByteView(data + 1, size - 1));
  switch (data[0] % 5) {
    case 0:
      verify_token(text, false);
      break;
    case 1:
      verify_token(text, true);
      break;
    case 2:
      read_claims(text);
      break;
    case 3:
      crypto::needs_rehash(text, {});
      break;
    default:
      read_base64(text);
      break;
  }
  return 0;
}
