#pragma once
// Differences: the change that leads from one text or document to another.
//
// Over Unicode code points, so that no surrogate pair is ever split; an embed counts as one. Exact first:
// common beginning and end, then Myers's linear-space algorithm (E. Myers, "An O(ND) Difference Algorithm and
// Its Variations", Algorithmica 1, 1986, section 4b), whose result inserts and deletes as few code points as
// can be. Where that would cost more than `exact_steps`, the texts are first tied together at passages that
// occur once in each, and only what lies between is compared exactly, as far as `coarse_steps` reach; the
// rest is replaced whole. The result is then still right, and no longer always the smallest.

#include <cstdint>
#include <string_view>

#include "ot/delta.h"

namespace concord::ot {

/// Bounds on the work, in comparisons of some nanoseconds each. Besides them a diff takes time that is linear
/// in the texts, up to a sort of a part of their positions. The worst two texts of 5 MB take about a second,
/// and a small change in such a text some 50 ms: not for a reactor's thread.
struct DiffLimits {
  std::uint64_t exact_steps = 16'000'000;
  std::uint64_t coarse_steps = 32'000'000;
};

/// apply_delta(diff(from, to), from) == to.
Delta diff(std::u16string_view from, std::u16string_view to, const DiffLimits& limits = {});

/// The same for documents: text and embeds that stay are retained, with the attributes that differ set or
/// removed. kInvalidArgument where one of them has other operations than insertions.
Result<Delta> diff(const Delta& from, const Delta& to, const DiffLimits& limits = {});

}  // namespace concord::ot
