#pragma once
// How it is told that a document would be too large, wherever that is seen.

#include "base/result.h"
#include "documents/document_limits.h"

namespace concord::documents {

/// kTooLarge, for a document that would have so many bytes.
Error document_too_large(const DocumentLimits& limits, std::size_t bytes);

}  // namespace concord::documents
