#include "documents/document_size.h"

namespace concord::documents {

Error document_too_large(const DocumentLimits& limits, std::size_t bytes) {
  const std::string limit = std::to_string(limits.max_document_bytes);
  return Error{Code::kTooLarge,
               "the document would be larger than " + limit + " bytes",
               {{"limit", limit}, {"value", std::to_string(bytes)}, {"setting", "DOCUMENT_MAX_BYTES"}}};
}

}  // namespace concord::documents
