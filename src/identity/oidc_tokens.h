#pragma once
// What a provider answers to a code: the token response (RFC 6749, 5), the ID token (OpenID Connect Core 1.0, 2 and
// 3.1.3.7) and the user's claims (ibid., 5.3). Pure; any thread. All fail as kUnauthenticated with the context
// `reason`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "identity/oidc_keys.h"
#include "json/object.h"

namespace concord::identity {

constexpr std::size_t kMaxProviderTokenBytes = 16U << 10U;

/// What a provider vouches for about a person.
struct Profile {
  std::string subject;  // the provider's identifier of the person: never given to another
  std::string email;    // empty: not told
  bool email_verified = false;
  std::string name;  // empty: not told
};

struct TokenAnswer {
  std::string access_token;  // fit for a header
  std::string id_token;      // empty: none
};
/// Reasons: "tokens" (malformed), "refused" (the provider says no, with its word in the message).
Result<TokenAnswer> parse_token_answer(std::string_view body);

struct IdTokenRule {
  std::string_view issuer;
  std::string_view client_id;
  std::string_view nonce;
  std::string_view access_token;  // that came with it
  std::int64_t now_s = 0;
};
constexpr std::int64_t kClockSkewS = 60;
constexpr std::int64_t kOldestIdTokenS = 600;  // it was made for this sign-in, moments ago

/// Reasons: "malformed", "algorithm" (neither RS256 nor ES256, or a critical extension), "key" (none of the issuer's,
/// by its `kid`), "signature", "issuer", "audience", "party" (azp), "expired", "issued" (iat or nbf ahead, or iat long
/// ago), "nonce", "access_token" (at_hash).
Result<Profile> check_id_token(std::string_view token, const IssuerKeys& keys, const IdTokenRule& rule);

/// Reasons: "user_info" (malformed, or of another subject).
Result<Profile> parse_user_info(std::string_view body, std::string_view subject);

/// What is told of a person besides the subject; of the wrong form counts as not told.
Profile profile_of(const json::Object& claims, std::string subject);

}  // namespace concord::identity
