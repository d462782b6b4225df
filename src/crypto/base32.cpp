#include "crypto/base32.h"

namespace concord::crypto {

std::string base32_encode(ByteView bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8U) | byte;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(kAlphabet[(held >> (bits - 5)) & 31U]);
    held &= (1U << bits) - 1;
  }
  if (bits > 0) out.push_back(kAlphabet[(held << (5 - bits)) & 31U]);
  return out;
}

}  // namespace concord::crypto
