#pragma once
// A varuint read or written as one word, for those who know that there are eight bytes.

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace concord::crdt {

/// A varuint of at most eight bytes, all of which can be read at `at`: one load, then its groups of seven bits are
/// moved together. The end of the number, or null where it is longer. Those of up to four bytes, as nearly all are,
/// take half of the steps.
[[gnu::always_inline]] inline const std::uint8_t* read_word_varuint(const std::uint8_t* at, std::uint64_t& out) {
  auto word = get_le<std::uint64_t>(at);
  if (const std::uint32_t few = ~static_cast<std::uint32_t>(word) & 0x8080'8080U; few != 0) [[likely]] {
    auto half = static_cast<std::uint32_t>(word) & (few ^ (few - 1)) & 0x7f7f'7f7fU;
    half = (half & 0x007f'007fU) | (half & 0x7f00'7f00U) >> 1U;
    out = (half & 0x3fffU) | (half & 0x3fff'0000U) >> 2U;
    [[assume(few != 0)]];
    return at + static_cast<unsigned>(std::countr_zero(few)) / 8 + 1;
  }
  const std::uint64_t stops = ~word & 0x8080'8080'8080'8080ULL;
  if (stops == 0) return nullptr;
  word &= (stops ^ (stops - 1)) & 0x7f7f'7f7f'7f7f'7f7fULL;
  word = (word & 0x007f'007f'007f'007fULL) | (word & 0x7f00'7f00'7f00'7f00ULL) >> 1U;
  word = (word & 0x0000'3fff'0000'3fffULL) | (word & 0x3fff'0000'3fff'0000ULL) >> 2U;
  out = (word & 0x0fff'ffffULL) | (word & 0x0fff'ffff'0000'0000ULL) >> 4U;
  return at + static_cast<unsigned>(std::countr_zero(stops)) / 8 + 1;
}

/// Writes a number below 2^56 at `out`, where eight bytes may be overwritten; the end of the number. How many bytes a
/// number takes is hard to foretell, so there is no branch on it, but for the few that are beyond four.
inline std::uint8_t* put_word_varuint(std::uint8_t* out, std::uint64_t value) {
  std::uint64_t word = value & 0x0fff'ffffULL;
  if (word != value) [[unlikely]]
    word |= value >> 28U << 32U;
  word = (word & 0x0000'3fff'0000'3fffULL) | (word & 0x0fff'c000'0fff'c000ULL) << 2U;
  word = (word & 0x007f'007f'007f'007fULL) | (word & 0x3f80'3f80'3f80'3f80ULL) << 1U;
  const auto last = static_cast<unsigned>(63 - std::countl_zero(word | 1U)) / 8;
  word |= 0x8080'8080'8080'8080ULL & ((std::uint64_t{1} << 8 * last) - 1);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  std::memcpy(out, &word, sizeof(word));
  return out + last + 1;
}

}  // namespace concord::crdt
