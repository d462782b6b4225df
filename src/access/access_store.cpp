#include "access/access_store.h"

#include <algorithm>

#include "json/writer.h"

namespace concord::access {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Transaction;
using engines::Value;

namespace {

constexpr const char* kTables = R"sql(
  CREATE TABLE access_things (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    folder TEXT NOT NULL
  );
  CREATE INDEX access_things_by_folder ON access_things (folder);
  CREATE INDEX access_things_by_owner ON access_things (owner);
  CREATE TABLE access_grants (
    thing TEXT NOT NULL REFERENCES access_things (id) ON DELETE CASCADE,
    principal TEXT NOT NULL,
    access_level BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (thing, principal)
  );
  CREATE INDEX access_grants_by_principal ON access_grants (principal);
)sql";

// A level came between comment and write.
constexpr const char* kSuggestLevel =
    "UPDATE access_grants SET access_level = access_level + 1 WHERE access_level >= 3";

/// Things above `folder`, itself included, as far as a circle or a wrong depth lets them be counted.
Task<std::vector<std::string>> folders_from(Transaction& transaction, std::string folder) {
  std::vector<std::string> above;
  while (!folder.empty() && above.size() <= static_cast<std::size_t>(AccessStore::kMaxDepth)) {
    CO_TRY(const Rows found, co_await transaction.query({"SELECT folder FROM access_things WHERE id = $1", {folder}}));
    if (found.empty()) co_return fail(Error{Code::kNotFound, "there is no such folder", {{"field", "folder"}}});
    above.push_back(std::move(folder));
    folder = as_string(found.rows[0][0]);
  }
  co_return above;
}

std::unexpected<Error> too_deep() {
  return fail(Error{Code::kTooLarge,
                    "folders lie too deep in each other",
                    {{"field", "folder"}, {"limit", std::to_string(AccessStore::kMaxDepth)}}});
}

/// Levels below a thing: 0 where nothing lies in it.
Task<std::int64_t> height_of(Transaction& transaction, std::string id) {
  CO_TRY(
      const Rows found,
      co_await transaction.query(
          {"WITH RECURSIVE below(id, depth) AS (SELECT id, 0 FROM access_things WHERE id = $1 UNION ALL SELECT t.id, "
           "b.depth + 1 FROM access_things t JOIN below b ON t.folder = b.id WHERE b.depth <= $2) SELECT MAX(depth) "
           "FROM below",
           {std::move(id), AccessStore::kMaxDepth}}));
  co_return as_integer(found.rows[0][0]);
}

std::string placeholders(std::size_t from, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "$" : ", $") + std::to_string(from + i);
  return out;
}

Result<UserId> owner_of(const Value& column) {
  const auto owner = UserId::parse(as_string(column));
  if (!owner) return fail(Code::kCorrupt, "a thing's owner is malformed");
  return *owner;
}

events::Event event_of(std::string_view what, const std::string& thing, std::string by,
                       const events::Journal* journal) {
  const bool is_document = thing.starts_with(DocumentTag::kPrefix);
  return {.topic = events::Topic::kDocuments,
          .key = thing,
          .type = (is_document ? "document." : "folder.") + std::string(what),
          .actor = std::move(by),
          .time_ms = journal != nullptr ? journal->now_ms() : 0};
}

std::string data_of(const Grant& grant) {
  json::Writer data;
  data.begin_object().field("to", grant.to).field("level", to_string(grant.level));
  if (grant.expires_ms > 0) data.field("expires_at", format_time(grant.expires_ms));
  data.end();
  return std::move(data).take();
}

Grant grant_of(const engines::Row& row, std::size_t at) {
  return {as_string(row[at]), static_cast<Level>(as_integer(row[at + 1])), as_integer(row[at + 2])};
}

}  // namespace

std::vector<engines::Migration> AccessStore::migrations() {
  return {{"access", 1, kTables}, {"access", 2, kSuggestLevel}};
}

Task<> AccessStore::add(Transaction& transaction, Thing thing) {
  CO_TRY(const auto above, co_await folders_from(transaction, thing.folder));
  if (above.size() > static_cast<std::size_t>(kMaxDepth)) co_return too_deep();
  CO_TRY_VOID(co_await transaction.query({"INSERT INTO access_things (id, owner, folder) VALUES ($1, $2, $3)",
                                          {std::move(thing.id), thing.owner.str(), std::move(thing.folder)}}));
  co_return Result<>{};
}

Task<> AccessStore::remove(Transaction& transaction, std::string id) {
  CO_TRY(const Rows inside,
         co_await transaction.query({"SELECT 1 FROM access_things WHERE folder = $1 LIMIT 1", {id}}));
  if (!inside.empty()) co_return fail(Code::kConflict, "the folder is not empty");
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM access_things WHERE id = $1", {std::move(id)}}));
  co_return Result<>{};
}

Task<> AccessStore::dissolve(Transaction& transaction, std::string id) {
  CO_TRY_VOID(co_await transaction.query(
      {"UPDATE access_things SET folder = (SELECT folder FROM access_things WHERE id = $1) WHERE folder = $1", {id}}));
  co_return co_await remove(transaction, std::move(id));
}

Task<> AccessStore::forget(std::string principal) {
  CO_TRY_VOID(co_await tables_.query({"DELETE FROM access_grants WHERE principal = $1", {std::move(principal)}}));
  co_return Result<>{};
}

Task<> AccessStore::move(Transaction& transaction, std::string id, std::string folder) {
  CO_TRY(const auto above, co_await folders_from(transaction, folder));
  if (std::ranges::find(above, id) != above.end())
    co_return fail(Error{Code::kConflict, "a folder cannot lie in itself", {{"field", "folder"}}});
  CO_TRY(const std::int64_t height, co_await height_of(transaction, id));
  if (static_cast<std::int64_t>(above.size()) + height > kMaxDepth) co_return too_deep();
  CO_TRY_VOID(co_await transaction.query(
      {"UPDATE access_things SET folder = $2 WHERE id = $1", {std::move(id), std::move(folder)}}));
  co_return Result<>{};
}

Task<std::map<std::string, std::vector<Holding>>> AccessStore::chains(std::vector<std::string> ids,
                                                                      std::vector<std::string> subjects) {
  std::map<std::string, std::vector<Holding>> out;
  if (ids.empty()) co_return out;
  const std::string sql =
      "WITH RECURSIVE chain(start, id, owner, folder, depth) AS (SELECT id, id, owner, folder, 0 FROM access_things "
      "WHERE id IN (" +
      placeholders(1, ids.size()) +
      ") UNION ALL SELECT c.start, t.id, t.owner, t.folder, c.depth + 1 FROM access_things t JOIN chain c ON t.id = "
      "c.folder WHERE c.depth <= " +
      std::to_string(kMaxDepth) +
      ") SELECT c.start, c.depth, c.owner, g.principal, g.access_level, g.expires_ms, c.id FROM chain c LEFT JOIN "
      "access_grants g ON g.thing = c.id AND g.principal IN (" +
      placeholders(ids.size() + 1, subjects.size()) + ") ORDER BY c.start, c.depth";
  std::vector<Value> arguments(std::make_move_iterator(ids.begin()), std::make_move_iterator(ids.end()));
  arguments.insert(arguments.end(), std::make_move_iterator(subjects.begin()), std::make_move_iterator(subjects.end()));
  CO_TRY(const Rows found, co_await tables_.query({sql, std::move(arguments)}));
  for (const engines::Row& row : found.rows) {
    std::vector<Holding>& chain = out[as_string(row[0])];
    if (static_cast<std::int64_t>(chain.size()) == as_integer(row[1])) {
      CO_TRY(const UserId owner, owner_of(row[2]));
      chain.push_back({as_string(row[6]), owner, {}});
    }
    if (!engines::is_null(row[3])) chain.back().grants.push_back(grant_of(row, 3));
  }
  co_return out;
}

Task<std::optional<Thing>> AccessStore::find(std::string id) {
  CO_TRY(const Rows found, co_await tables_.query({"SELECT owner, folder FROM access_things WHERE id = $1", {id}}));
  if (found.empty()) co_return std::nullopt;
  CO_TRY(const UserId owner, owner_of(found.rows[0][0]));
  co_return Thing{std::move(id), owner, as_string(found.rows[0][1])};
}

/// Whether it changed something; that is told in the same transaction.
Task<bool> AccessStore::change(engines::Statement statement, events::Event event) {
  if (journal_ == nullptr) {
    CO_TRY(const Rows changed, co_await tables_.query(std::move(statement)));
    co_return changed.affected > 0;
  }
  // What the body uses lives in this frame, which outlives it.
  struct Step {
    const events::Journal& journal;
    const engines::Statement& statement;
    const events::Event& event;
    bool done = false;
  } step{*journal_, statement, event};
  CO_TRY_VOID(co_await tables_.transaction([&step](Transaction& transaction) -> Task<> {
    return [](Transaction& tx, Step& one) -> Task<> {
      CO_TRY(const Rows changed, co_await tx.query(one.statement));
      one.done = changed.affected > 0;
      if (!one.done) co_return Result<>{};
      co_return co_await one.journal.write(tx, one.event);
    }(transaction, step);
  }));
  co_return step.done;
}

Task<> AccessStore::grant(std::string id, Grant grant, std::string by) {
  events::Event event = event_of("access_granted", id, std::move(by), journal_);
  event.data = data_of(grant);
  CO_TRY(
      const bool changed,
      co_await change(
          {"INSERT INTO access_grants (thing, principal, access_level, expires_ms) SELECT id, $2, $3, $4 FROM "
           "access_things WHERE id = $1 AND (SELECT COUNT(*) FROM access_grants WHERE thing = $1 AND principal <> $2) "
           "< $5 ON CONFLICT (thing, principal) DO UPDATE SET access_level = excluded.access_level, expires_ms = "
           "excluded.expires_ms",
           {id, std::move(grant.to), static_cast<std::int64_t>(grant.level), grant.expires_ms, kMaxGrants}},
          std::move(event)));
  if (changed) co_return Result<>{};
  CO_TRY(const auto thing, co_await find(std::move(id)));
  if (!thing) co_return fail(Code::kNotFound, "there is no such thing");
  co_return fail(Error{Code::kTooLarge,
                       "it is shared with too many already; share with a group",
                       {{"limit", std::to_string(kMaxGrants)}}});
}

Task<bool> AccessStore::revoke(std::string id, std::string to, std::string by) {
  events::Event event = event_of("access_taken", id, std::move(by), journal_);
  event.data = data_of({.to = to});
  return change({"DELETE FROM access_grants WHERE thing = $1 AND principal = $2", {std::move(id), std::move(to)}},
                std::move(event));
}

Task<std::vector<Grant>> AccessStore::grants(std::string id) {
  CO_TRY(const Rows found,
         co_await tables_.query({"SELECT principal, access_level, expires_ms FROM access_grants WHERE thing = $1 ORDER "
                                 "BY principal",
                                 {std::move(id)}}));
  std::vector<Grant> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) out.push_back(grant_of(row, 0));
  co_return out;
}

std::string seen_sql(std::string_view user, std::string_view subjects) {
  return "access_seen(id, depth) AS (SELECT thing, 0 FROM access_grants WHERE principal IN (" + std::string(subjects) +
         ") UNION SELECT id, 0 FROM access_things WHERE owner = " + std::string(user) +
         " UNION SELECT t.id, s.depth + 1 FROM access_things t JOIN access_seen s ON t.folder = s.id WHERE s.depth "
         "<= " +
         std::to_string(AccessStore::kMaxDepth) + ")";
}

}  // namespace concord::access
