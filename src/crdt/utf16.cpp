#include "crdt/utf16.h"

#include <cstring>

namespace concord::crdt {
namespace {

std::size_t ascii_prefix(const std::uint8_t* text, std::size_t bytes) {
  std::size_t at = 0;
  for (; at + 8 <= bytes; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + at, 8);
    if ((word & 0x8080'8080'8080'8080ULL) != 0) break;
  }
  while (at < bytes && text[at] < 0x80) ++at;
  return at;
}

/// Length in bytes of the well-formed multi-byte sequence at `at`, or 0 (Unicode 15, table 3-7).
std::size_t sequence_length(const std::uint8_t* at, std::size_t left) {
  const std::uint8_t lead = at[0];
  const auto tail = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
    return i < left && at[i] >= low && at[i] <= high;
  };
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Units that begin with this byte: continuation bytes begin none, four-byte leads begin two.
unsigned units_of(std::uint8_t byte) {
  return static_cast<unsigned>((byte & 0xc0U) != 0x80U) + static_cast<unsigned>(byte >= 0xf0U);
}

}  // namespace

TextScan scan_utf8(const std::uint8_t* text, std::size_t bytes) {
  std::size_t at = ascii_prefix(text, bytes);
  if (at == bytes) return {true, true, bytes};
  std::size_t units = at;
  while (at < bytes) {
    if (text[at] < 0x80) {
      const std::size_t run = ascii_prefix(text + at, bytes - at);
      at += run;
      units += run;
      continue;
    }
    const std::size_t length = sequence_length(text + at, bytes - at);
    if (length == 0) return {};
    units += length == 4 ? 2 : 1;
    at += length;
  }
  return {true, false, units};
}

std::size_t count_units(const std::uint8_t* text, std::size_t bytes) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < bytes; ++i) units += units_of(text[i]);
  return units;
}

UnitPosition find_unit(const std::uint8_t* text, std::size_t bytes, std::size_t unit) {
  std::size_t at = 0;
  std::size_t seen = 0;
  // Whole blocks first: their units are a sum without branches.
  constexpr std::size_t kBlock = 64;
  while (at + kBlock <= bytes) {
    std::size_t in_block = 0;
    for (std::size_t i = 0; i < kBlock; ++i) in_block += units_of(text[at + i]);
    if (seen + in_block > unit) break;
    seen += in_block;
    at += kBlock;
  }
  while (at < bytes) {
    const unsigned units = units_of(text[at]);
    if (units != 0) {
      if (seen == unit) return {at, false};
      if (seen + units > unit) return {at, true};
      seen += units;
    }
    ++at;
  }
  return {bytes, false};
}

UnitPosition find_unit_from_nearer_end(const std::uint8_t* text, std::size_t bytes, std::size_t units,
                                       std::size_t unit) {
  if (unit <= units / 2) return find_unit(text, bytes, unit);
  std::size_t at = bytes;
  for (std::size_t left = units - unit; left > 0;) {  // units from `unit` to `at`
    const unsigned here = units_of(text[--at]);
    if (here > left) return {at, true};
    left -= here;
  }
  return {at, false};
}

}  // namespace concord::crdt
