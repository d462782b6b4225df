#pragma once
// Text is stored as UTF-8 and counted in UTF-16 code units, because Yjs counts so. These functions go between the two.

#include <cstddef>
#include <cstdint>

namespace concord::crdt {

struct TextScan {
  bool valid = false;     // well-formed UTF-8
  bool ascii = false;     // then bytes == units
  std::size_t units = 0;  // UTF-16 code units
};
TextScan scan_utf8(const std::uint8_t* text, std::size_t bytes);

/// Code units of well-formed UTF-8.
std::size_t count_units(const std::uint8_t* text, std::size_t bytes);

/// Where the code unit `unit` begins in well-formed UTF-8 of more than `unit` units. Where it is the second half of a
/// surrogate pair, `bytes` is where that four-byte character begins and `inside` is set.
struct UnitPosition {
  std::size_t bytes = 0;
  bool inside = false;
};
UnitPosition find_unit(const std::uint8_t* text, std::size_t bytes, std::size_t unit);

/// The same, counted from the end of a text of `units` units, whichever end is nearer: cutting a text again and again
/// costs n log n together.
UnitPosition find_unit_from_nearer_end(const std::uint8_t* text, std::size_t bytes, std::size_t units,
                                       std::size_t unit);

/// U+FFFD, what either half of a split surrogate pair becomes.
constexpr std::uint8_t kReplacement[3] = {0xef, 0xbf, 0xbd};

}  // namespace concord::crdt
