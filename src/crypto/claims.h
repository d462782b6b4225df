#pragma once
// What an access token says (RFC 7519, 4.1, and `sid` of OpenID Connect). Times are whole seconds since the
// Unix epoch.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::crypto {

struct Claims {
  std::string issuer;             // iss
  std::string subject;            // sub
  std::string audience;           // aud: one, never a list
  std::int64_t expires_s = 0;     // exp
  std::int64_t issued_s = 0;      // iat
  std::int64_t not_before_s = 0;  // nbf
  std::string token_id;           // jti
  std::string session_id;         // sid
  bool operator==(const Claims&) const = default;
};

std::string encode_claims(const Claims& claims);

/// Exactly these eight members, each once, of its type, none empty, strings of at most 255 bytes.
/// kUnauthenticated with the context `reason` "malformed" and the `field`.
Result<Claims> parse_claims(std::string_view payload);

struct ClaimsRule {
  std::string_view issuer;
  std::string_view audience;
  std::int64_t now_s = 0;
  std::int64_t leeway_s = 30;  // how far ahead the clock of the node that issued may be; expiry has none
};
/// kUnauthenticated with the context `reason`: "issuer", "audience", "expired" or "not_yet_valid".
Result<> check_claims(const Claims& claims, const ClaimsRule& rule);

}  // namespace concord::crypto
