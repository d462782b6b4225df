#pragma once
// The form of a refresh token:
//
//   "rt_" base64url( session id, 16 bytes | family secret, 16 bytes | token secret, 32 bytes )
//
// The family secret stays for the life of the session, the token secret changes with each refresh; the tables
// hold the SHA-256 of both. A token with the right family secret and a wrong token secret is thus one that
// was used up before: somebody copied it. A made-up token cannot pass for one of those, though the session id
// is no secret.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "identity/principal.h"

namespace concord::identity {

constexpr std::size_t kRefreshTokenBytes = 89;

struct RefreshToken {
  SessionId session;
  std::array<std::uint8_t, 16> family_secret{};
  std::array<std::uint8_t, 32> token_secret{};

  static RefreshToken make(SessionId session);
  /// The same session and family with a new token secret.
  RefreshToken next() const;
  static std::optional<RefreshToken> parse(std::string_view text);

  std::string str() const;
  /// What the tables hold, base64url.
  std::string family_hash() const;
  std::string token_hash() const;
};

}  // namespace concord::identity
