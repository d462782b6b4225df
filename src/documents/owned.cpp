// What becomes of a user's documents and folders when the user leaves: given to them, and taken away.

#include "documents/documents.h"
#include "json/writer.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kAtOnce = 100;
constexpr std::size_t kExportBytes = 8u << 20u;  // a page ends with the document that goes past it

void write_document(json::Writer& out, const DocumentRow& row, const Documents::Content& content) {
  out.begin_object().field("id", row.id.str()).field("name", row.name).field("doc_type", row.doc_type);
  out.field("folder", row.folder).field("created_at", format_time(row.created_ms));
  out.field("updated_at", format_time(content.updated_ms)).field("version", content.version);
  out.key("content").raw(content.json).end();
}

}  // namespace

Task<identity::ExportedDocuments> Documents::export_of(UserId owner, std::string after) {
  identity::ExportedDocuments out;
  json::Writer json;
  json.begin_array();
  CO_TRY(const std::vector<DocumentRow> rows, co_await store_.owned(owner, std::move(after), kAtOnce));
  std::size_t bytes = 0;
  std::size_t done = 0;
  while (done < rows.size() && bytes < kExportBytes) {
    const DocumentRow& row = rows[done++];
    const auto content = co_await read(row.id, Format::kMarkdown);
    if (!content && content.error().code == Code::kNotFound) continue;  // deleted meanwhile
    if (!content) co_return fail(content.error());
    bytes += content->json.size();
    write_document(json, row, *content);
  }
  if (done > 0 && (done < rows.size() || rows.size() == static_cast<std::size_t>(kAtOnce)))
    out.next = rows[done - 1].id.str();
  json.end();
  out.json = std::move(json).take();
  co_return out;
}

Task<> Documents::remove_owned(UserId owner) {
  for (;;) {
    CO_TRY(const std::vector<DocumentRow> rows, co_await store_.owned(owner, "", kAtOnce));
    if (rows.empty()) break;
    for (const DocumentRow& row : rows) {
      auto removed = co_await remove(row.id, owner.str());
      if (!removed && removed.error().code != Code::kNotFound) co_return removed;
    }
  }
  CO_TRY_VOID(co_await store_.dissolve_folders(owner));
  dependencies_.access.changed(std::nullopt);
  co_return Result<>{};
}

}  // namespace concord::documents
