#include "documents/suggestion_store.h"

namespace concord::documents {

using engines::as_integer;
using engines::as_string;
using engines::Rows;

namespace {

/// What the sealed bytes are bound to.
std::string place_of(const std::string& id) { return "suggestions/" + id; }

}  // namespace

std::vector<engines::Migration> SuggestionStore::migrations() {
  return {{"suggestions", 1, R"sql(
    CREATE TABLE document_suggestions (
      id TEXT NOT NULL PRIMARY KEY,
      document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
      author TEXT NOT NULL,
      message TEXT NOT NULL,
      version BIGINT NOT NULL,
      created_ms BIGINT NOT NULL,
      state TEXT NOT NULL,
      decided_by TEXT NOT NULL,
      decided_ms BIGINT NOT NULL,
      edit BYTEA NOT NULL
    );
    CREATE INDEX document_suggestions_by_document ON document_suggestions (document_id, state, id);
  )sql"}};
}

Task<std::vector<SuggestionStore::Row>> SuggestionStore::page(std::string after) {
  CO_TRY(const Rows found,
         co_await tables_.query({"SELECT id, document_id, author, message, version, created_ms, state, decided_by, "
                                 "decided_ms FROM document_suggestions WHERE id > $1 ORDER BY id LIMIT $2",
                                 {std::move(after), kPage}}));
  std::vector<Row> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    const auto document = DocumentId::parse(as_string(row[1]));
    const auto state = parse_suggestion_state(as_string(row[6]));
    if (!document || !state) co_return fail(Code::kCorrupt, "a row of the table of suggestions is malformed");
    out.push_back({*document,
                   {.id = as_string(row[0]),
                    .author = as_string(row[2]),
                    .at_ms = as_integer(row[5]),
                    .message = as_string(row[3]),
                    .update = {},
                    .version = static_cast<std::uint64_t>(as_integer(row[4])),
                    .state = *state,
                    .decided = {as_string(row[7]), as_integer(row[8])}}});
  }
  co_return out;
}

Task<> SuggestionStore::move(AnnotationService& documents, Row row) {
  const std::string id = row.suggestion.id;
  CO_TRY(const Rows found, co_await tables_.query({"SELECT edit FROM document_suggestions WHERE id = $1", {id}}));
  if (found.empty()) co_return Result<>{};
  vault::Opener opener;
  CO_TRY(row.suggestion.update, co_await vault_.open(opener, place_of(id), engines::as_blob(found.rows[0][0])));
  CO_TRY_VOID(co_await documents.adopt(row.document, std::move(row.suggestion)));
  CO_TRY_VOID(co_await tables_.query({"DELETE FROM document_suggestions WHERE id = $1", {id}}));
  co_return Result<>{};
}

Task<> SuggestionStore::move_into(AnnotationService& documents, Logger& logger) {
  std::string after;
  std::int64_t moved = 0;
  for (;;) {
    CO_TRY(std::vector<Row> rows, co_await page(after));
    if (rows.empty()) break;
    after = rows.back().suggestion.id;
    for (Row& row : rows) {
      const std::string id = row.suggestion.id;
      if (auto done = co_await move(documents, std::move(row)); done) {
        ++moved;
      } else {
        logger.warn("a suggestion could not be moved into its document",
                    {{"suggestion", id}, {"error", done.error().message}});
      }
    }
  }
  if (moved > 0) logger.info("suggestions were moved into their documents", {{"count", moved}});
  co_return Result<>{};
}

}  // namespace concord::documents
