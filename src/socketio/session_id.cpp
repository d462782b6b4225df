#include "socketio/session_id.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "crypto/base64.h"
#include "crypto/random.h"

namespace concord::socketio {

namespace {

constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kIdBytes = kRandomBytes + 2;
constexpr std::size_t kIdText = kIdBytes / 3 * 4;

}  // namespace

std::string make_session_id(std::size_t home) {
  auto bytes = crypto::random_array<kIdBytes>();
  bytes[0] = static_cast<std::uint8_t>(home);
  bytes[1] = static_cast<std::uint8_t>(home >> 8U);
  return crypto::base64url_encode(bytes);
}

std::optional<std::size_t> home_of(std::string_view session_id) {
  if (session_id.size() != kIdText) return std::nullopt;
  const auto bytes = crypto::base64url_decode(session_id);
  if (!bytes) return std::nullopt;
  return static_cast<std::size_t>((*bytes)[0]) | static_cast<std::size_t>((*bytes)[1]) << 8U;
}

std::string random_id() { return crypto::base64url_encode(crypto::random_array<kRandomBytes>()); }

}  // namespace concord::socketio
