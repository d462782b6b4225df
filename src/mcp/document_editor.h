#pragma once
// The tools that change documents. An edit is what REST writes are: content against the version it was made for, merged
// with what came since, recorded in the history under the caller's name. It is known by the version that it made, so
// that nothing has to be kept for undoing it: undo writes the difference between that version and the one before it,
// the other way round. Any reactor.

#include "documents/catalog.h"
#include "documents/documents.h"
#include "mcp/tool.h"

namespace concord::mcp {

/// An edit that was made: "<document>@<version>".
struct EditId {
  DocumentId document;
  std::uint64_t version = 0;

  std::string str() const { return document.str() + "@" + std::to_string(version); }
  /// kInvalidArgument with the field `edit`.
  static Result<EditId> parse(std::string_view text);
};

class DocumentEditor {
 public:
  DocumentEditor(documents::Documents& documents, access::Access& access, BlockingPool& pool,
                 std::size_t max_content_bytes)
      : documents_(documents),
        catalog_(documents.store(), access),
        pool_(pool),
        max_content_bytes_(max_content_bytes) {}

  Task<std::string> edit(Caller caller, json::Object arguments);
  Task<std::string> suggest(Caller caller, json::Object arguments);
  Task<std::string> create(Caller caller, json::Object arguments);
  /// kPermissionDenied for an edit that somebody else made.
  Task<std::string> undo(Caller caller, json::Object arguments);

 private:
  /// Content for a document, against the version that it was made for.
  struct Edit {
    DocumentId document;
    documents::Format format = documents::Format::kText;
    std::string content;
    std::uint64_t version = 0;
  };
  Task<Edit> edit_of(DocumentId document, json::Object arguments);
  Task<std::string> edited_text(std::string json, json::Object arguments);
  Task<std::string> make(Caller caller, Edit edit, bool dry_run);
  Task<std::string> changes_json(documents::Documents::Preview preview);

  documents::Documents& documents_;
  documents::Catalog catalog_;
  BlockingPool& pool_;
  std::size_t max_content_bytes_;
};

}  // namespace concord::mcp
