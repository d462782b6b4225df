#include "engines/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace concord::engines {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // reflected

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Slicing by eight (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
/// Generators", 2005): table k advances a byte over k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
    tables[0][byte] = value;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8U) ^ tables[0][tables[k - 1][byte] & 0xffU];
  }
  return tables;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(ByteView bytes, std::uint32_t seed) {
  std::uint64_t crc = ~seed;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++at, --left) narrow = _mm_crc32_u8(narrow, *at);
  return ~narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint32_t low = crc ^ get_le<std::uint32_t>(at);
    const auto high = get_le<std::uint32_t>(at + 4);
    crc = kTables[7][low & 0xffU] ^ kTables[6][(low >> 8U) & 0xffU] ^ kTables[5][(low >> 16U) & 0xffU] ^
          kTables[4][low >> 24U] ^ kTables[3][high & 0xffU] ^ kTables[2][(high >> 8U) & 0xffU] ^
          kTables[1][(high >> 16U) & 0xffU] ^ kTables[0][high >> 24U];
  }
  for (; left > 0; ++at, --left) crc = (crc >> 8U) ^ kTables[0][(crc ^ *at) & 0xffU];
  return ~crc;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_sse42(bytes, seed);
#endif
  return crc32c_portable(bytes, seed);
}

}  // namespace concord::engines
