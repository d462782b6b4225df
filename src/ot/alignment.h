#pragma once
// Which parts of two sequences correspond. Internal to the part: diff.h turns an alignment into a Delta.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace concord::ot {

/// `length` equal symbols, at `from` in the one sequence and at `to` in the other.
struct Match {
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t length = 0;
  bool operator==(const Match&) const = default;
};
/// Ascending in both sequences, without overlap.
using Alignment = std::vector<Match>;

/// A part of the pair of sequences that is to be aligned, with where it begins in each.
struct Region {
  std::u32string_view from;
  std::u32string_view to;
  std::size_t from_at = 0;
  std::size_t to_at = 0;

  Region part(std::size_t from_begin, std::size_t from_length, std::size_t to_begin, std::size_t to_length) const {
    return {from.substr(from_begin, from_length), to.substr(to_begin, to_length), from_at + from_begin,
            to_at + to_begin};
  }
};

/// Appends a longest possible alignment of the region and takes its cost off `steps`; false, with nothing
/// appended and `steps` at 0, where that would cost more.
bool align_exactly(const Region& region, std::uint64_t& steps, Alignment& out);

/// Appends an alignment of the region in bounded time: see diff.h.
void align_coarsely(const Region& region, std::uint64_t steps, Alignment& out);

}  // namespace concord::ot
