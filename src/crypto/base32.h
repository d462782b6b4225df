#pragma once
// Base32 (RFC 4648, 6) in capitals and without padding, as apps for one-time codes take their secrets.

#include <string>

#include "base/bytes.h"

namespace concord::crypto {

std::string base32_encode(ByteView bytes);

}  // namespace concord::crypto
