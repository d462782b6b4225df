#pragma once
// The opening handshake of RFC 6455 section 4, the server's side.

#include <string>
#include <string_view>

#include "net/http.h"

namespace concord::net {

enum class Handshake : std::uint8_t { kNone, kValid, kWrongVersion, kMalformed };

/// What the head of a request asks for.
Handshake inspect_handshake(const Request& head);

/// The Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

/// Whether a comma-separated header value has that token, letter case aside.
bool has_token(std::string_view list, std::string_view token);

}  // namespace concord::net
