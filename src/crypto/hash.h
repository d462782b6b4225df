#pragma once
// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and comparison in constant time. Any thread.

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace concord::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView bytes);
Sha256 hmac_sha256(ByteView key, ByteView bytes);

/// Takes the same time wherever the first difference is. Lengths are not secret.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace concord::crypto
