#pragma once
// The tools that only read documents. Each takes its arguments as they came and answers with the JSON that its output
// schema describes; errors are the caller's to tell apart. Any reactor.

#include "documents/catalog.h"
#include "documents/documents.h"
#include "mcp/tool.h"

namespace concord::mcp {

class DocumentReader {
 public:
  DocumentReader(documents::Documents& documents, access::Access& access, identity::Identity& identity,
                 BlockingPool& pool)
      : documents_(documents), catalog_(documents.store(), access), identity_(identity), pool_(pool) {}

  Task<std::string> list(Caller caller, json::Object arguments);
  Task<std::string> read(Caller caller, json::Object arguments);
  Task<std::string> history(Caller caller, json::Object arguments);
  /// Reads documents one after the other, up to kMaxSearched of them and kMaxSearchedBytes of their contents.
  Task<std::string> search(Caller caller, json::Object arguments);

  static constexpr std::int64_t kMaxSearched = 100;
  static constexpr std::size_t kMaxSearchedBytes = 16u << 20u;
  static constexpr std::size_t kMaxDeltaBytes = 1u << 20u;

 private:
  struct Found;
  Task<Found> look_into(documents::DocumentRow row, std::vector<std::string> words);
  Task<std::map<UserId, std::string>> owner_names(std::vector<documents::DocumentRow> rows);

  documents::Documents& documents_;
  documents::Catalog catalog_;
  identity::Identity& identity_;
  BlockingPool& pool_;
};

/// The field `document`; kNotFound where it is no identifier.
Result<DocumentId> document_field(const json::Object& arguments);
/// The field `format`, text where it is absent.
Result<documents::Format> format_field(const json::Object& arguments);
/// The text of a JSON string.
std::string text_of_json(std::string_view json);

}  // namespace concord::mcp
