#include "documents/document_store.h"

#include "json/writer.h"

namespace concord::documents {

using engines::as_integer;
using engines::as_string;
using engines::Row;
using engines::Statement;
using engines::Value;

namespace {

using access::AccessStore;
using engines::Transaction;

constexpr std::string_view kDocuments =
    "d.id, d.owner, d.name, d.doc_type, d.created_ms, d.updated_ms, d.version, t.folder FROM documents d JOIN "
    "access_things t ON t.id = d.id ";
constexpr std::string_view kFolders =
    "d.id, t.owner, d.name, d.created_ms, t.folder FROM document_folders d JOIN access_things t ON t.id = d.id ";

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
  out.folder = as_string(row[7]);
  return out;
}

Result<FolderRow> parse_folder(const Row& row) {
  const auto id = FolderId::parse(as_string(row[0]));
  const auto owner = UserId::parse(as_string(row[1]));
  if (!id || !owner) return fail(Code::kCorrupt, "a row of folders has an identifier that is none");
  return FolderRow{.id = *id,
                   .owner = *owner,
                   .name = as_string(row[2]),
                   .created_ms = as_integer(row[3]),
                   .folder = as_string(row[4])};
}

template <class T>
Result<std::vector<T>> parse_all(const engines::Rows& found, Result<T> (*parse)(const Row&)) {
  std::vector<T> out;
  out.reserve(found.rows.size());
  for (const Row& row : found.rows) {
    TRY(auto parsed, parse(row));
    out.push_back(std::move(parsed));
  }
  return out;
}

/// `WITH` and `SELECT` of what the subjects may see, as far as the joined `WHERE`.
Statement select_seen(std::string_view columns, UserId who, std::vector<std::string> subjects,
                      std::optional<FolderId> folder) {
  Statement statement{"", {who.str()}};
  const auto place = [&statement](Value value) {
    statement.arguments.push_back(std::move(value));
    return "$" + std::to_string(statement.arguments.size());
  };
  std::string list;
  for (std::string& subject : subjects) list += (list.empty() ? "" : ", ") + place(std::move(subject));
  statement.sql = "WITH RECURSIVE " + access::seen_sql("$1", list) + " SELECT " + std::string(columns) +
                  "WHERE d.id IN (SELECT id FROM access_seen)";
  if (folder) statement.sql += " AND t.folder = " + place(folder->str());
  return statement;
}

/// Of what is new.
std::string made_data(const std::string& name, const std::string& folder, UserId owner, const std::string& type) {
  json::Writer data;
  data.begin_object().field("name", name).field("folder", folder).field("owner", owner.str());
  if (!type.empty()) data.field("doc_type", type);
  data.end();
  return std::move(data).take();
}

std::unexpected<Error> not_found() { return fail(Code::kNotFound, "there is no such document"); }
std::unexpected<Error> no_folder() { return fail(Code::kNotFound, "there is no such folder"); }

}  // namespace

std::vector<engines::Migration> DocumentStore::migrations() {
  std::vector<engines::Migration> all = AccessStore::migrations();  // whose tables the third one fills
  all.insert(all.end(), {{"documents", 1, R"sql(
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
  )sql"},
                         {"documents", 3, R"sql(
    CREATE TABLE document_folders (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      created_ms BIGINT NOT NULL
    );
    INSERT INTO access_things (id, owner, folder) SELECT id, owner, '' FROM documents;
    INSERT INTO access_grants (thing, principal, access_level, expires_ms)
      SELECT document_id, principal, access_level, 0 FROM document_grants;
    DROP TABLE document_grants;
  )sql"},
                         {"documents", 4, R"sql(
    ALTER TABLE documents ADD COLUMN snapshot_position BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN snapshot_digest TEXT NOT NULL DEFAULT ''
  )sql"}});
  return all;
}

std::int64_t DocumentStore::now_ms() const { return journal_ != nullptr ? journal_->now_ms() : 0; }

/// As part of the transaction.
Task<> DocumentStore::tell(Transaction& transaction, events::Event event) const {
  if (journal_ == nullptr) co_return Result<>{};
  co_return co_await journal_->write(transaction, std::move(event));
}

/// Whether there was anything to change.
Task<bool> DocumentStore::change(Statement statement, events::Event event) {
  if (journal_ == nullptr) {
    CO_TRY(const auto changed, co_await tables_.query(std::move(statement)));
    co_return changed.affected > 0;
  }
  // Arguments of the body live in this frame, which outlives it; and so below.
  struct Step {
    const DocumentStore& store;
    const Statement& statement;
    const events::Event& event;
    bool found = false;
  } step{*this, statement, event};
  CO_TRY_VOID(co_await tables_.transaction([&step](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, Step& one) -> Task<> {
      CO_TRY(const auto changed, co_await tx.query(one.statement));
      one.found = changed.affected > 0;
      if (!one.found) co_return Result<>{};
      co_return co_await one.store.tell(tx, one.event);
    }(transaction, step);
  }));
  co_return step.found;
}

/// Inserts a row, as a thing of access too.
Task<> DocumentStore::insert(access::Thing thing, Statement row, events::Event event) {
  struct Step {
    const DocumentStore& store;
    const access::Thing& thing;
    const Statement& row;
    const events::Event& event;
  } step{*this, thing, row, event};
  co_return co_await tables_.transaction([&step](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, const Step& one) -> Task<> {
      CO_TRY_VOID(co_await AccessStore::add(tx, one.thing));
      CO_TRY_VOID(co_await tx.query(one.row));
      co_return co_await one.store.tell(tx, one.event);
    }(transaction, step);
  });
}

/// The same, for its removal: `missing` where there is none.
Task<> DocumentStore::erase(Statement row, events::Event event, std::unexpected<Error> missing) {
  struct Step {
    const DocumentStore& store;
    const Statement& row;
    const events::Event& event;
    const std::unexpected<Error>& missing;
  } step{*this, row, event, missing};
  co_return co_await tables_.transaction([&step](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, const Step& one) -> Task<> {
      CO_TRY(const auto changed, co_await tx.query(one.row));
      if (changed.affected == 0) co_return one.missing;
      CO_TRY_VOID(co_await AccessStore::remove(tx, one.event.key));
      co_return co_await one.store.tell(tx, one.event);
    }(transaction, step);
  });
}

Task<> DocumentStore::create(DocumentRow row, std::string by) {
  Statement insert_row{
      "INSERT INTO documents (id, owner, name, doc_type, created_ms, updated_ms, version) VALUES ($1, $2, $3, $4, "
      "$5, $6, $7)",
      {row.id.str(), row.owner.str(), row.name, row.doc_type, row.created_ms, row.updated_ms,
       static_cast<std::int64_t>(row.version)}};
  events::Event event = thing_event("created", row.id.str(), std::move(by), row.created_ms,
                                    made_data(row.name, row.folder, row.owner, row.doc_type));
  return insert({row.id.str(), row.owner, std::move(row.folder)}, std::move(insert_row), std::move(event));
}

Task<DocumentRow> DocumentStore::find(DocumentId id) {
  CO_TRY(auto found,
         co_await tables_.query(Statement{"SELECT " + std::string(kDocuments) + "WHERE d.id = $1", {id.str()}}));
  if (found.empty()) co_return not_found();
  co_return parse_row(found.rows.front());
}

Task<std::optional<UserId>> DocumentStore::owner(DocumentId id) {
  CO_TRY(auto found, co_await tables_.query(Statement{"SELECT owner FROM documents WHERE id = $1", {id.str()}}));
  if (found.empty()) co_return std::nullopt;
  const auto owner = UserId::parse(engines::as_string(found.rows[0][0]));
  if (!owner) co_return fail(Code::kCorrupt, "a document's owner is malformed");
  co_return *owner;
}

Task<std::optional<DocumentStore::Stored>> DocumentStore::stored(DocumentId id) {
  CO_TRY(const auto found,
         co_await tables_.query(Statement{
             "SELECT owner, version, snapshot_position, snapshot_digest FROM documents WHERE id = $1", {id.str()}}));
  if (found.empty()) co_return std::nullopt;
  const Row& row = found.rows[0];
  const auto owner = UserId::parse(as_string(row[0]));
  if (!owner) co_return fail(Code::kCorrupt, "a document's owner is malformed");
  Stored stored{.owner = *owner, .version = static_cast<std::uint64_t>(as_integer(row[1])), .snapshot = {}};
  if (const std::string& digest = as_string(row[3]); !digest.empty())
    stored.snapshot = {{static_cast<std::uint64_t>(as_integer(row[2]))}, digest};
  co_return stored;
}

Task<> DocumentStore::note_snapshot(DocumentId id, shard::SnapshotName name) {
  CO_TRY_VOID(co_await tables_.query(
      Statement{"UPDATE documents SET snapshot_position = $2, snapshot_digest = $3 "
                "WHERE id = $1 AND snapshot_position <= $2",
                {id.str(), static_cast<std::int64_t>(name.position.value), std::move(name.digest)}}));
  co_return Result<>{};
}

Task<> DocumentStore::forget_snapshot(DocumentId id, engines::Position position) {
  CO_TRY_VOID(co_await tables_.query(
      Statement{"UPDATE documents SET snapshot_digest = '' WHERE id = $1 AND snapshot_position = $2",
                {id.str(), static_cast<std::int64_t>(position.value)}}));
  co_return Result<>{};
}

Task<std::vector<DocumentRow>> DocumentStore::list(UserId who, std::vector<std::string> subjects,
                                                   std::optional<FolderId> folder, std::optional<ListCursor> after,
                                                   std::int64_t limit) {
  Statement statement = select_seen(kDocuments, who, std::move(subjects), folder);
  const auto place = [&statement](Value value) {
    statement.arguments.push_back(std::move(value));
    return "$" + std::to_string(statement.arguments.size());
  };
  if (after) {
    const std::string time = place(after->updated_ms);
    statement.sql += " AND (d.updated_ms < " + time + " OR (d.updated_ms = " + time + " AND d.id < " +
                     place(std::move(after->id)) + "))";
  }
  statement.sql += " ORDER BY d.updated_ms DESC, d.id DESC LIMIT " + place(limit);
  CO_TRY(const auto found, co_await tables_.query(std::move(statement)));
  co_return parse_all(found, parse_row);
}

Task<> DocumentStore::rename(DocumentId id, std::string name, std::int64_t updated_ms, std::string by) {
  events::Event event = thing_event("renamed", id.str(), std::move(by), updated_ms, name_and_folder(&name, nullptr));
  CO_TRY(const bool was, co_await change({"UPDATE documents SET name = $2, updated_ms = $3 WHERE id = $1",
                                          {id.str(), std::move(name), updated_ms}},
                                         std::move(event)));
  if (!was) co_return not_found();
  co_return Result<>{};
}

Task<> DocumentStore::remove(DocumentId id, std::string by) {
  return erase({"DELETE FROM documents WHERE id = $1", {id.str()}},
               thing_event("removed", id.str(), std::move(by), now_ms()), not_found());
}

Task<> DocumentStore::create(FolderRow row, std::string by) {
  Statement insert_row{"INSERT INTO document_folders (id, name, created_ms) VALUES ($1, $2, $3)",
                       {row.id.str(), row.name, row.created_ms}};
  events::Event event = thing_event("created", row.id.str(), std::move(by), row.created_ms,
                                    made_data(row.name, row.folder, row.owner, ""));
  return insert({row.id.str(), row.owner, std::move(row.folder)}, std::move(insert_row), std::move(event));
}

Task<FolderRow> DocumentStore::find(FolderId id) {
  CO_TRY(auto found,
         co_await tables_.query(Statement{"SELECT " + std::string(kFolders) + "WHERE d.id = $1", {id.str()}}));
  if (found.empty()) co_return no_folder();
  co_return parse_folder(found.rows.front());
}

Task<std::vector<FolderRow>> DocumentStore::list_folders(UserId who, std::vector<std::string> subjects,
                                                         std::optional<FolderId> folder) {
  Statement statement = select_seen(kFolders, who, std::move(subjects), folder);
  statement.sql += " ORDER BY d.name, d.id LIMIT " + std::to_string(kMaxFolders);
  CO_TRY(const auto found, co_await tables_.query(std::move(statement)));
  co_return parse_all(found, parse_folder);
}

Task<> DocumentStore::rename(FolderId id, std::string name, std::string by) {
  events::Event event = thing_event("renamed", id.str(), std::move(by), now_ms(), name_and_folder(&name, nullptr));
  CO_TRY(const bool was,
         co_await change({"UPDATE document_folders SET name = $2 WHERE id = $1", {id.str(), std::move(name)}},
                         std::move(event)));
  if (!was) co_return no_folder();
  co_return Result<>{};
}

Task<> DocumentStore::remove(FolderId id, std::string by) {
  return erase({"DELETE FROM document_folders WHERE id = $1", {id.str()}},
               thing_event("removed", id.str(), std::move(by), now_ms()), no_folder());
}

Task<std::vector<DocumentRow>> DocumentStore::owned(UserId owner, std::string after, std::int64_t limit) {
  CO_TRY(const auto found, co_await tables_.query({"SELECT " + std::string(kDocuments) +
                                                       "WHERE d.owner = $1 AND d.id > $2 ORDER BY d.id LIMIT $3",
                                                   {owner.str(), std::move(after), limit}}));
  co_return parse_all(found, parse_row);
}

Task<> DocumentStore::dissolve_folders(UserId owner) {
  CO_TRY(const auto found,
         co_await tables_.query({"SELECT " + std::string(kFolders) + "WHERE t.owner = $1", {owner.str()}}));
  CO_TRY(const std::vector<FolderRow> folders, parse_all(found, parse_folder));
  for (const FolderRow& folder : folders) {
    const events::Event gone =
        thing_event("removed", folder.id.str(), owner.str(), now_ms(), name_and_folder(nullptr, &folder.folder));
    CO_TRY_VOID(co_await tables_.transaction([this, &gone](Transaction& transaction) -> Task<> {
      return [](Transaction& tx, const DocumentStore& store, const events::Event& event) -> Task<> {
        CO_TRY_VOID(co_await tx.query(Statement{"DELETE FROM document_folders WHERE id = $1", {event.key}}));
        CO_TRY_VOID(co_await AccessStore::dissolve(tx, event.key));
        co_return co_await store.tell(tx, event);
      }(transaction, *this, gone);
    }));
  }
  co_return Result<>{};
}

Task<> DocumentStore::move(std::string id, std::string folder, std::string by) {
  const events::Event moved =
      thing_event("moved", std::move(id), std::move(by), now_ms(), name_and_folder(nullptr, &folder));
  co_return co_await tables_.transaction([this, &moved, &folder](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, const DocumentStore& store, const events::Event& event, std::string to) -> Task<> {
      CO_TRY_VOID(co_await AccessStore::move(tx, event.key, std::move(to)));
      co_return co_await store.tell(tx, event);
    }(transaction, *this, moved, folder);
  });
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

Task<> DocumentStore::note(Transaction& transaction, const Progress& progress) const {
  std::uint64_t since = 0;
  if (journal_ != nullptr) {
    CO_TRY(const auto row,
           co_await transaction.query({"SELECT version FROM documents WHERE id = $1", {progress.id.str()}}));
    if (row.empty()) co_return Result<>{};
    since = static_cast<std::uint64_t>(as_integer(row.rows[0][0]));
  }
  CO_TRY(const auto moved,
         co_await transaction.query(Statement{
             "UPDATE documents SET version = $2, updated_ms = CASE WHEN updated_ms > $3 THEN updated_ms ELSE $3 END "
             "WHERE id = $1 AND version < $2",
             {progress.id.str(), static_cast<std::int64_t>(progress.version), progress.updated_ms}}));
  if (journal_ == nullptr || moved.affected == 0) co_return Result<>{};
  co_return co_await journal_->write(
      transaction, events_of(progress.id, progress.activity, since, progress.version, progress.updated_ms));
}

Task<> DocumentStore::note_progress(std::vector<Progress> progress) {
  if (progress.empty()) co_return Result<>{};
  co_return co_await tables_.transaction([this, all = &progress](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, const DocumentStore& store, const std::vector<Progress>& rows) -> Task<> {
      for (const Progress& one : rows) CO_TRY_VOID(co_await store.note(tx, one));
      co_return Result<>{};
    }(transaction, *this, *all);
  });
}

}  // namespace concord::documents
