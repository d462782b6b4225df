#include "engines/sqlite_migrations.h"

#include <map>

namespace concord::engines {
namespace {

using Versions = std::map<std::string, std::int64_t, std::less<>>;  // by part: the newest

/// Versions of a part count from 1 without a gap, in the order given.
Result<Versions> check(std::span<const Migration> migrations) {
  Versions newest;
  for (const Migration& migration : migrations) {
    std::int64_t& version = newest[migration.part];
    if (migration.part.empty() || migration.version != version + 1) {
      return fail(Error{Code::kInvalidArgument,
                        "the migrations of " + migration.part + " do not follow each other",
                        {{"field", "version"},
                         {"limit", std::to_string(version + 1)},
                         {"value", std::to_string(migration.version)}}});
    }
    version = migration.version;
  }
  return newest;
}

Result<Versions> applied_versions(SqliteConnection& connection) {
  TRY_VOID(
      connection.run_script("CREATE TABLE IF NOT EXISTS schema_migrations ("
                            "part TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (part, version))"));
  TRY(const Rows rows, connection.run({"SELECT part, MAX(version) FROM schema_migrations GROUP BY part", {}}));
  Versions applied;
  for (const Row& row : rows.rows) applied[as_string(row[0])] = as_integer(row[1]);
  return applied;
}

Result<> check_not_newer(const Versions& known, const Versions& applied) {
  for (const auto& [part, version] : known) {
    const auto found = applied.find(part);
    if (found == applied.end() || found->second <= version) continue;
    return fail(Error{Code::kUnsupported,
                      "the tables of " + part + " are from a newer program",
                      {{"part", part}, {"limit", std::to_string(version)}, {"value", std::to_string(found->second)}}});
  }
  return {};
}

/// In a transaction of its own, unless another process was faster.
Result<bool> apply_next(SqliteConnection& connection, std::span<const Migration> migrations, const Versions& known,
                        const Logger& logger) {
  TRY(const Versions applied, applied_versions(connection));
  TRY_VOID(check_not_newer(known, applied));
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.part);
    if (found != applied.end() && found->second >= migration.version) continue;
    const std::string name = migration.part + " " + std::to_string(migration.version);
    if (Result<> run = connection.run_script(migration.sql); !run) {
      Error error = std::move(run).error();
      error.message = "migration " + name + ": " + error.message;
      return fail(std::move(error));
    }
    TRY_VOID(connection.run({"INSERT INTO schema_migrations (part, version) VALUES ($1, $2)",
                             {migration.part, std::int64_t{migration.version}}}));
    logger.info("tables: migrated", {{"part", migration.part}, {"version", migration.version}});
    return true;
  }
  return false;
}

}  // namespace

Result<> apply_migrations(SqliteConnection& connection, std::span<const Migration> migrations, const Logger& logger) {
  TRY(const Versions known, check(migrations));
  for (bool more = true; more;) {
    TRY_VOID(connection.begin());
    Result<bool> applied = apply_next(connection, migrations, known, logger);
    Result<> committed = applied ? connection.commit() : Result<>(fail(applied.error()));
    if (!committed) {
      connection.rollback();
      return committed;
    }
    more = *applied;
  }
  return {};
}

}  // namespace concord::engines
