#pragma once
// CRC-32C (Castagnoli; RFC 3720 appendix B.4), as every record of a log segment carries it.

#include <cstdint>

#include "base/bytes.h"

namespace concord::engines {

/// The checksum of `bytes`; `seed` is that of the bytes before them.
std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0);
/// The same without the processor's instruction.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t seed = 0);

}  // namespace concord::engines
