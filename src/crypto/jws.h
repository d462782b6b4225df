#pragma once
// Signed tokens: JWS in compact form (RFC 7515), with RS256 and nothing else.
//
//   base64url(header) "." base64url(payload) "." base64url(signature)
//   header = {"alg":"RS256","kid":"<thumbprint of the key>","typ":"<type>"}, these bytes exactly
//
// The header is compared, not parsed: a token whose first part is not the one this code writes for one of its
// keys is refused. So there is no algorithm, key or critical parameter that a token could choose
// (docs/decisions/tokens-are-signed-with-rs256-only.md).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/rsa_key.h"

namespace concord::crypto {

constexpr std::size_t kMaxTokenBytes = 4096;

/// `type` is a media subtype such as "at+jwt". kInvalidArgument where the token would be over kMaxTokenBytes.
Result<std::string> sign_compact(const SigningKey& key, std::string_view type, std::string_view payload);

/// The keys of one issuer for tokens of one type. Verifying: any thread, while no key is added.
class TokenVerifier {
 public:
  explicit TokenVerifier(std::string type) : type_(std::move(type)) {}

  void add(VerifyingKey key);
  const std::vector<VerifyingKey>& keys() const { return keys_; }

  /// The payload of a token that one of the keys signed, else kUnauthenticated with the context `reason`:
  /// "malformed" (not three base64url parts, or over kMaxTokenBytes), "key" (no such header) or "signature".
  Result<std::string> verify(std::string_view token) const;

 private:
  std::string type_;
  std::vector<VerifyingKey> keys_;
  std::vector<std::string> headers_;  // encoded, one a key
};

}  // namespace concord::crypto
