#pragma once
// What it takes to know who wrote each run of a text and when (crdt/attribution.h).

#include <cstddef>
#include <vector>

#include "base/bytes.h"

namespace concord::bench {

/// Feeds a table with a trace's updates, five a second, at a grain of a minute; then asks it for all of the text.
/// `live_bytes` is the memory of a document that was given the same updates without one.
void attribution(const std::vector<Bytes>& updates, std::size_t live_bytes);

}  // namespace concord::bench
