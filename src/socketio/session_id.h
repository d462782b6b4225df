#pragma once
// Identifiers of sessions: the index of the home's reactor in two bytes, little-endian, and 128 random bits, all in
// base64url. Who knows one may use the session.

#include <optional>
#include <string>
#include <string_view>

namespace concord::socketio {

std::string make_session_id(std::size_t home);
/// The index of the home; nullopt where the text is no such identifier.
std::optional<std::size_t> home_of(std::string_view session_id);

/// 128 random bits; what a client may call its connection, and no secret.
std::string random_id();

}  // namespace concord::socketio
