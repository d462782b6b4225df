#pragma once
// Sign-ins by a provider that are under way, in tables, so that they bear a restart. Any reactor.
//
// An attempt begins with a `state`, goes out with the browser and is taken when it comes back; what the provider then
// vouches for is a proof, kept for the moment until the page claims it. Each works once and only for the browser it
// began in, which shows the secret of its cookie; tables hold SHA-256 hashes of all of these. What the provider is told
// (nonce, and the challenge of the verifier) follows from both secrets and is stored nowhere.

#include <cstdint>
#include <optional>
#include <string>

#include "base/task.h"
#include "engines/tables.h"
#include "identity/oidc_tokens.h"
#include "identity/principal.h"

namespace concord::identity {

struct OAuthAttempt {
  std::string provider;
  std::optional<UserId> linking;  // who connects an account of theirs; absent: a sign-in
};

struct OAuthProof {
  OAuthAttempt attempt;
  std::string issuer;
  Profile profile;
};

class OAuthAttempts {
 public:
  static constexpr std::int64_t kAttemptMs = 10 * 60'000;
  static constexpr std::int64_t kProofMs = 2 * 60'000;
  static constexpr std::int64_t kPerBrowser = 8;  // the newest
  static constexpr std::int64_t kMost = 10'000;   // of all browsers: the newest

  explicit OAuthAttempts(engines::Tables& tables) : tables_(tables) {}

  Task<> begin(std::string state, std::string browser, OAuthAttempt attempt, std::int64_t now_ms);
  /// Absent where this browser began none with this state for this provider, or it is too old; it is none any more.
  Task<std::optional<OAuthAttempt>> take(std::string state, std::string browser, std::string provider,
                                         std::int64_t now_ms);
  /// A ticket for it.
  Task<std::string> keep(OAuthProof proof, std::string browser, std::int64_t now_ms);
  /// Absent where this browser has no such proof for `linking`, or it is too old; it is none any more.
  Task<std::optional<OAuthProof>> claim(std::string ticket, std::string browser, std::optional<UserId> linking,
                                        std::int64_t now_ms);

 private:
  engines::Tables& tables_;
};

/// A secret of the attempt, base64url, that only both secrets together give.
std::string oauth_derived(std::string_view browser, std::string_view purpose, std::string_view state);
/// The S256 challenge of a verifier (RFC 7636, 4.2).
std::string oauth_challenge(std::string_view verifier);

}  // namespace concord::identity
