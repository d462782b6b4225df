#pragma once
// base64url without padding (RFC 4648, 5; RFC 7515, appendix C), and the padless standard alphabet that PHC
// strings use.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace concord::crypto {

std::string base64url_encode(ByteView bytes);
std::string base64_encode_unpadded(ByteView bytes);

/// nullopt where `text` is not the one encoding of some bytes: a foreign character, padding, white space, a
/// length that no input gives, or bits set behind the last byte.
std::optional<Bytes> base64url_decode(std::string_view text);
std::optional<Bytes> base64_decode_unpadded(std::string_view text);

}  // namespace concord::crypto
