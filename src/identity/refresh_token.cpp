#include "identity/refresh_token.h"

#include <algorithm>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::identity {

namespace {
constexpr std::string_view kPrefix = "rt_";
}

RefreshToken RefreshToken::make(SessionId session) {
  return {session, crypto::random_array<16>(), crypto::random_array<32>()};
}

RefreshToken RefreshToken::next() const { return {session, family_secret, crypto::random_array<32>()}; }

std::optional<RefreshToken> RefreshToken::parse(std::string_view text) {
  if (text.size() != kRefreshTokenBytes || !text.starts_with(kPrefix)) return std::nullopt;
  const auto bytes = crypto::base64url_decode(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() != 64) return std::nullopt;
  RefreshToken token;
  Uuid uuid;
  std::copy_n(bytes->begin(), 16, uuid.begin());
  std::copy_n(bytes->begin() + 16, 16, token.family_secret.begin());
  std::copy_n(bytes->begin() + 32, 32, token.token_secret.begin());
  token.session = SessionId(uuid);
  return token;
}

std::string RefreshToken::str() const {
  Bytes bytes = to_bytes(ByteView(session.uuid()));
  append(bytes, family_secret);
  append(bytes, token_secret);
  return std::string(kPrefix) + crypto::base64url_encode(bytes);
}

std::string RefreshToken::family_hash() const { return crypto::base64url_encode(crypto::sha256(family_secret)); }
std::string RefreshToken::token_hash() const { return crypto::base64url_encode(crypto::sha256(token_secret)); }

}  // namespace concord::identity
