#include "documents/document_store.h"

namespace concord::documents {

using engines::as_integer;
using engines::as_string;
using engines::Row;
using engines::Statement;
using engines::Value;

namespace {

constexpr std::string_view kColumns = "d.id, d.owner, d.name, d.doc_type, d.created_ms, d.updated_ms, d.version";

Result<DocumentRow> parse_row(const Row& row) {
  auto id = DocumentId::parse(as_string(row[0]));
  auto owner = UserId::parse(as_string(row[1]));
  if (!id || !owner) return fail(Code::kCorrupt, "a row of documents has an identifier that is none");
  DocumentRow out;
  out.id = *id;
  out.owner = *owner;
  out.name = as_string(row[2]);
  out.doc_type = as_string(row[3]);
  out.created_ms = as_integer(row[4]);
  out.updated_ms = as_integer(row[5]);
  out.version = static_cast<std::uint64_t>(as_integer(row[6]));
  out.access = static_cast<AccessLevel>(as_integer(row[7]));
  return out;
}

std::unexpected<Error> not_found() { return fail(Code::kNotFound, "there is no such document"); }

}  // namespace

std::vector<engines::Migration> DocumentStore::migrations() {
  return {{"documents", 1, R"sql(
    CREATE TABLE documents (
      id TEXT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      doc_type TEXT NOT NULL,
      created_ms BIGINT NOT NULL,
      updated_ms BIGINT NOT NULL,
      version BIGINT NOT NULL
    );
    CREATE INDEX documents_by_owner ON documents (owner, updated_ms);
    CREATE TABLE document_grants (
      document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
      principal TEXT NOT NULL,
      access_level BIGINT NOT NULL,
      PRIMARY KEY (document_id, principal)
    );
    CREATE INDEX document_grants_by_principal ON document_grants (principal);
  )sql"},
          {"documents", 2, R"sql(
    CREATE TABLE document_versions (
      document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
      version BIGINT NOT NULL,
      name TEXT NOT NULL,
      named_by TEXT NOT NULL,
      named_ms BIGINT NOT NULL,
      PRIMARY KEY (document_id, version)
    );
  )sql"}};
}

Task<> DocumentStore::create(DocumentRow row) {
  CO_TRY_VOID(co_await tables_.query(Statement{
      "INSERT INTO documents (id, owner, name, doc_type, created_ms, updated_ms, version) VALUES ($1, $2, $3, $4, $5, "
      "$6, $7)",
      {row.id.str(), row.owner.str(), std::move(row.name), std::move(row.doc_type), row.created_ms, row.updated_ms,
       static_cast<std::int64_t>(row.version)}}));
  co_return Result<>{};
}

Task<DocumentRow> DocumentStore::find(DocumentId id, UserId who) {
  std::string sql = "SELECT " + std::string(kColumns) +
                    ", CASE WHEN d.owner = $2 THEN 4 ELSE COALESCE(g.access_level, 0) END FROM documents d LEFT JOIN "
                    "document_grants g ON g.document_id = d.id AND g.principal = $2 WHERE d.id = $1";
  CO_TRY(auto found, co_await tables_.query(Statement{std::move(sql), {id.str(), who.str()}}));
  if (found.empty()) co_return not_found();
  CO_TRY(auto row, parse_row(found.rows.front()));
  if (row.access == AccessLevel::kNone) co_return not_found();
  co_return row;
}

Task<std::optional<UserId>> DocumentStore::owner(DocumentId id) {
  CO_TRY(auto found, co_await tables_.query(Statement{"SELECT owner FROM documents WHERE id = $1", {id.str()}}));
  if (found.empty()) co_return std::nullopt;
  const auto owner = UserId::parse(engines::as_string(found.rows[0][0]));
  if (!owner) co_return fail(Code::kCorrupt, "a document's owner is malformed");
  co_return *owner;
}

Task<std::vector<DocumentRow>> DocumentStore::list(UserId who, std::optional<ListCursor> after, std::int64_t limit) {
  // Each branch walks its own index; a document is never in both, for its owner holds no grant on it.
  std::string sql = "SELECT * FROM (SELECT " + std::string(kColumns) +
                    ", 4 AS access_level FROM documents d WHERE d.owner = $1 UNION ALL SELECT " +
                    std::string(kColumns) +
                    ", g.access_level FROM document_grants g JOIN documents d ON d.id = g.document_id WHERE "
                    "g.principal = $1) AS seen";
  std::vector<Value> arguments{who.str()};
  if (after) {
    sql += " WHERE updated_ms < $2 OR (updated_ms = $2 AND id < $3) ORDER BY updated_ms DESC, id DESC LIMIT $4";
    arguments.emplace_back(after->updated_ms);
    arguments.emplace_back(std::move(after->id));
  } else {
    sql += " ORDER BY updated_ms DESC, id DESC LIMIT $2";
  }
  arguments.emplace_back(limit);
  CO_TRY(auto found, co_await tables_.query(Statement{std::move(sql), std::move(arguments)}));
  std::vector<DocumentRow> out;
  out.reserve(found.rows.size());
  for (const Row& row : found.rows) {
    CO_TRY(auto parsed, parse_row(row));
    out.push_back(std::move(parsed));
  }
  co_return out;
}

Task<> DocumentStore::rename(DocumentId id, std::string name, std::int64_t updated_ms) {
  CO_TRY(auto changed, co_await tables_.query(Statement{"UPDATE documents SET name = $2, updated_ms = $3 WHERE id = $1",
                                                        {id.str(), std::move(name), updated_ms}}));
  if (changed.affected == 0) co_return not_found();
  co_return Result<>{};
}

Task<> DocumentStore::remove(DocumentId id) {
  CO_TRY(auto changed, co_await tables_.query(Statement{"DELETE FROM documents WHERE id = $1", {id.str()}}));
  if (changed.affected == 0) co_return not_found();
  co_return Result<>{};
}

Task<> DocumentStore::grant(DocumentId id, Grant grant) {
  CO_TRY(auto changed,
         co_await tables_.query(Statement{
             "INSERT INTO document_grants (document_id, principal, access_level) SELECT id, $2, $3 FROM documents "
             "WHERE id = $1 ON CONFLICT (document_id, principal) DO UPDATE SET access_level = excluded.access_level",
             {id.str(), grant.principal.str(), static_cast<std::int64_t>(grant.access)}}));
  if (changed.affected == 0) co_return not_found();
  co_return Result<>{};
}

Task<bool> DocumentStore::revoke(DocumentId id, UserId principal) {
  CO_TRY(auto changed,
         co_await tables_.query(Statement{"DELETE FROM document_grants WHERE document_id = $1 AND principal = $2",
                                          {id.str(), principal.str()}}));
  co_return changed.affected > 0;
}

Task<std::vector<Grant>> DocumentStore::grants(DocumentId id) {
  CO_TRY(auto found,
         co_await tables_.query(
             Statement{"SELECT principal, access_level FROM document_grants WHERE document_id = $1 ORDER BY principal",
                       {id.str()}}));
  std::vector<Grant> out;
  for (const Row& row : found.rows) {
    auto principal = UserId::parse(as_string(row[0]));
    if (!principal) co_return fail(Code::kCorrupt, "a grant names a principal that is none");
    out.push_back({*principal, static_cast<AccessLevel>(as_integer(row[1]))});
  }
  co_return out;
}

Task<> DocumentStore::name_version(DocumentId id, std::uint64_t version, std::string name, UserId who,
                                   std::int64_t now_ms) {
  CO_TRY(auto changed,
         co_await tables_.query(Statement{
             "INSERT INTO document_versions (document_id, version, name, named_by, named_ms) SELECT id, $2, $3, $4, $5 "
             "FROM documents WHERE id = $1 AND (SELECT COUNT(*) FROM document_versions WHERE document_id = $1) < $6 "
             "ON CONFLICT (document_id, version) DO UPDATE SET name = excluded.name, named_by = excluded.named_by, "
             "named_ms = excluded.named_ms",
             {id.str(), static_cast<std::int64_t>(version), std::move(name), who.str(), now_ms, kMaxNamedVersions}}));
  if (changed.affected == 0) {
    co_return fail(Error{Code::kTooLarge,
                         "the document is gone, or has too many named versions",
                         {{"limit", std::to_string(kMaxNamedVersions)}}});
  }
  co_return Result<>{};
}

Task<bool> DocumentStore::unname_version(DocumentId id, std::uint64_t version) {
  CO_TRY(auto changed,
         co_await tables_.query(Statement{"DELETE FROM document_versions WHERE document_id = $1 AND version = $2",
                                          {id.str(), static_cast<std::int64_t>(version)}}));
  co_return changed.affected > 0;
}

Task<std::vector<DocumentStore::VersionName>> DocumentStore::version_names(DocumentId id) {
  CO_TRY(auto found, co_await tables_.query(Statement{
                         "SELECT version, name, named_by, named_ms FROM document_versions WHERE document_id = $1 ORDER "
                         "BY version DESC LIMIT $2",
                         {id.str(), kMaxNamedVersions}}));
  std::vector<VersionName> out;
  for (const Row& row : found.rows) {
    auto by = UserId::parse(as_string(row[2]));
    if (!by) co_return fail(Code::kCorrupt, "a named version names a principal that is none");
    out.push_back({static_cast<std::uint64_t>(as_integer(row[0])), as_string(row[1]), *by, as_integer(row[3])});
  }
  co_return out;
}

Task<> DocumentStore::note_progress(std::vector<Progress> progress) {
  if (progress.empty()) co_return Result<>{};
  // The body is called, and its frame lives, within this frame; it captures nothing that could end before it.
  auto* rows = &progress;
  co_return co_await tables_.transaction([rows](engines::Transaction& transaction) -> Task<> {
    return [](engines::Transaction& tx, const std::vector<Progress>& all) -> Task<> {
      for (const Progress& one : all) {
        CO_TRY_VOID(co_await tx.query(Statement{
            "UPDATE documents SET version = $2, updated_ms = CASE WHEN updated_ms > $3 THEN updated_ms ELSE $3 END "
            "WHERE id = $1 AND version < $2",
            {one.id.str(), static_cast<std::int64_t>(one.version), one.updated_ms}}));
      }
      co_return Result<>{};
    }(transaction, *rows);
  });
}

}  // namespace concord::documents
