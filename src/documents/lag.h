#pragma once
// What a session is not told for now, because its client takes less than the document says, or has asked for news now
// and then only. In two steps: presence is left out; then updates are, and all of them are told in one piece later.

#include <cstdint>

#include "base/bytes.h"

namespace concord::documents {

struct Lag {
  bool missed_presence = false;
  bool passive = false;        // asked for
  bool behind = false;         // updates are left out,
  std::uint64_t version = 0;   // behind this one,
  Bytes told;                  // of which this is the state vector
  std::int64_t behind_ns = 0;  // monotonic; when that began
};

}  // namespace concord::documents
