#include "documents/suggestion_store.h"

#include <algorithm>
#include <array>

namespace concord::documents {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Value;

namespace {

constexpr std::array<std::string_view, 3> kStates{"open", "accepted", "rejected"};
constexpr std::string_view kSelect =
    "SELECT id, document_id, author, message, version, created_ms, state, decided_by, decided_ms FROM "
    "document_suggestions WHERE document_id = $1";

Result<Suggestion> parse(const engines::Row& row) {
  const auto id = SuggestionId::parse(as_string(row[0]));
  const auto document = DocumentId::parse(as_string(row[1]));
  const auto state = parse_suggestion_state(as_string(row[6]));
  if (!id || !document || !state) return fail(Code::kCorrupt, "a row of the table of suggestions is malformed");
  return Suggestion{.id = *id,
                    .document = *document,
                    .author = as_string(row[2]),
                    .message = as_string(row[3]),
                    .version = static_cast<std::uint64_t>(as_integer(row[4])),
                    .created_ms = as_integer(row[5]),
                    .state = *state,
                    .decided_by = as_string(row[7]),
                    .decided_ms = as_integer(row[8])};
}

/// What the sealed bytes are bound to.
std::string place_of(SuggestionId id) { return "suggestions/" + id.str(); }

std::unexpected<Error> no_such_suggestion() { return fail(Code::kNotFound, "the document has no such suggestion"); }

}  // namespace

std::string_view to_string(SuggestionState state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<SuggestionState> parse_suggestion_state(std::string_view word) {
  const auto at = std::ranges::find(kStates, word);
  if (at == kStates.end()) return std::nullopt;
  return static_cast<SuggestionState>(at - kStates.begin());
}

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

Task<> SuggestionStore::create(Suggestion suggestion, UserId owner, Bytes update) {
  CO_TRY(auto sealer, co_await vault_.sealer(owner));
  Bytes edit = vault::seal_with(sealer, place_of(suggestion.id), std::move(update));
  CO_TRY(const Rows made,
         co_await tables_.query(
             {"INSERT INTO document_suggestions (id, document_id, author, message, version, created_ms, state, "
              "decided_by, decided_ms, edit) SELECT $1, $2, $3, $4, $5, $6, $7, '', 0, $8 WHERE (SELECT COUNT(*) FROM "
              "document_suggestions WHERE document_id = $2 AND state = $7) < $9",
              {suggestion.id.str(), suggestion.document.str(), std::move(suggestion.author),
               std::move(suggestion.message), static_cast<std::int64_t>(suggestion.version), suggestion.created_ms,
               std::string(to_string(SuggestionState::kOpen)), std::move(edit), kMaxOpen}}));
  if (made.affected == 0)
    co_return fail(
        Error{Code::kTooLarge, "the document has too many open suggestions", {{"limit", std::to_string(kMaxOpen)}}});
  co_return Result<>{};
}

Task<std::vector<Suggestion>> SuggestionStore::list(DocumentId document, std::optional<SuggestionState> state) {
  std::string sql(kSelect);
  std::vector<Value> arguments{document.str()};
  if (state) {
    sql += " AND state = $2";
    arguments.emplace_back(std::string(to_string(*state)));
  }
  sql += " ORDER BY id DESC LIMIT " + std::to_string(kMaxListed);
  CO_TRY(const Rows found, co_await tables_.query({std::move(sql), std::move(arguments)}));
  std::vector<Suggestion> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    CO_TRY(Suggestion one, parse(row));
    out.push_back(std::move(one));
  }
  co_return out;
}

Task<Suggestion> SuggestionStore::find(DocumentId document, SuggestionId id) {
  CO_TRY(const Rows found, co_await tables_.query({std::string(kSelect) + " AND id = $2", {document.str(), id.str()}}));
  if (found.empty()) co_return no_such_suggestion();
  co_return parse(found.rows.front());
}

Task<Bytes> SuggestionStore::update(DocumentId document, SuggestionId id) {
  CO_TRY(const Rows found,
         co_await tables_.query(
             {"SELECT edit FROM document_suggestions WHERE document_id = $1 AND id = $2", {document.str(), id.str()}}));
  if (found.empty()) co_return no_such_suggestion();
  vault::Opener opener;
  co_return co_await vault_.open(opener, place_of(id), engines::as_blob(found.rows[0][0]));
}

Task<> SuggestionStore::decide(SuggestionId id, SuggestionState state, std::string by, std::int64_t now_ms) {
  CO_TRY(
      const Rows changed,
      co_await tables_.query({"UPDATE document_suggestions SET state = $2, decided_by = $3, decided_ms = $4 WHERE id "
                              "= $1 AND state = $5",
                              {id.str(), std::string(to_string(state)), std::move(by), now_ms,
                               std::string(to_string(SuggestionState::kOpen))}}));
  if (changed.affected == 0) co_return fail(Code::kConflict, "the suggestion was decided already");
  co_return Result<>{};
}

}  // namespace concord::documents
