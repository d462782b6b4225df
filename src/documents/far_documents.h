#pragma once
// Documents that other nodes serve, as far as this node needs them for work of its own.

#include <string>

#include "base/id.h"
#include "base/task.h"
#include "documents/content.h"
#include "documents/document_content.h"

namespace concord::documents {

/// Any reactor. kUnavailable while nobody serves the document.
class FarDocuments {
 public:
  virtual ~FarDocuments() = default;
  virtual bool is_far(DocumentId id) const = 0;
  virtual Task<DocumentContent> read(DocumentId id, Format format) = 0;
  virtual Task<> remove(DocumentId id, std::string author) = 0;
};

}  // namespace concord::documents
