#pragma once
// The tools for comments. What they say is recorded under the caller's name, as over REST. Any reactor.

#include "documents/catalog.h"
#include "documents/documents.h"
#include "mcp/tool.h"

namespace concord::mcp {

class DocumentCommenter {
 public:
  DocumentCommenter(documents::Documents& documents, access::Access& access, identity::Identity& identity)
      : documents_(documents), catalog_(documents.store(), access), identity_(identity) {}

  Task<std::string> list(Caller caller, json::Object arguments);
  Task<std::string> add(Caller caller, json::Object arguments);
  Task<std::string> reply(Caller caller, json::Object arguments);
  /// Without write access only the caller's own: kPermissionDenied.
  Task<std::string> resolve(Caller caller, json::Object arguments);

 private:
  Task<std::string> tell(documents::AnnotationService::Comments comments, bool only_one);

  documents::Documents& documents_;
  documents::Catalog catalog_;
  identity::Identity& identity_;
};

}  // namespace concord::mcp
