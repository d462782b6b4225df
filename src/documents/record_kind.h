#pragma once
// What documents write to the log.

#include <cstdint>

namespace concord::documents {

/// Kinds of log records. Sealed for its owner, an update has the stream as its place.
enum class RecordKind : std::uint8_t { kUpdate = 1, kRemoved = 2, kSealedUpdate = 3 };

}  // namespace concord::documents
