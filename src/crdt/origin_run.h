#pragma once
// OriginRun: units of one client, one behind the other in a list, that nobody else's origin parts; what an OriginTree
// is made of. OriginSummary: what it knows of many.

#include <cstdint>

#include "crdt/item.h"

namespace concord::crdt {

using RunRef = std::uint32_t;

struct OriginRun {
  Id first;               // absent for the two at the front
  std::uint32_t end = 0;  // clock behind its last unit
  RunRef origin = 0;      // ends with the unit that is the origin
  std::uint64_t client_id = 0;
  Id crossed_by;  // the first unit of the next run whose origin lies between this run's origin and this run, if any
  std::uint32_t node = 0;
  std::uint32_t slot = 0;
};

/// Of all runs below a node; `kNone` as an origin is behind everything.
struct OriginSummary {
  RunRef least = kNone;             // the leftmost origin
  RunRef second = kNone;            // the leftmost of the origins behind that
  std::uint64_t client_id = ~0ULL;  // of those whose origin is `least`: the least client id,
  Id crossed_by;                    // and the farthest crossing; absent where one of them is crossed by none
};

}  // namespace concord::crdt
