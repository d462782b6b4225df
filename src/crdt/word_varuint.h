#pragma once
// A varuint read as one word, for those who know that eight bytes can be read.

#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace concord::crdt {

/// A varuint of at most eight bytes, all of which can be read at `at`: one load, then its groups of seven bits are
/// moved together. The end of the number, or null where it is longer.
inline const std::uint8_t* read_word_varuint(const std::uint8_t* at, std::uint64_t& out) {
  auto word = get_le<std::uint64_t>(at);
  const std::uint64_t stops = ~word & 0x8080'8080'8080'8080ULL;
  if (stops == 0) return nullptr;
  word &= (stops ^ (stops - 1)) & 0x7f7f'7f7f'7f7f'7f7fULL;
  word = (word & 0x007f'007f'007f'007fULL) | (word & 0x7f00'7f00'7f00'7f00ULL) >> 1U;
  word = (word & 0x0000'3fff'0000'3fffULL) | (word & 0x3fff'0000'3fff'0000ULL) >> 2U;
  out = (word & 0x0fff'ffffULL) | (word & 0x0fff'ffff'0000'0000ULL) >> 4U;
  return at + static_cast<unsigned>(std::countr_zero(stops)) / 8 + 1;
}

}  // namespace concord::crdt
