#include "engines/sqlite_migrations.h"

#include "engines/migration_order.h"

namespace concord::engines {
namespace {

/// In a transaction of its own, unless another process was faster.
Result<bool> apply_next(SqliteConnection& connection, std::span<const Migration> migrations, const Versions& known,
                        const Logger& logger) {
  TRY_VOID(connection.run_script(kMakeMigrationsTable));
  TRY(const Rows rows, connection.run({kAppliedMigrations, {}}));
  TRY(const Migration* const next, next_migration(migrations, known, applied_versions(rows)));
  if (next == nullptr) return false;
  if (Result<> run = connection.run_script(next->sql); !run)
    return fail(migration_failure(*next, std::move(run).error()));
  TRY_VOID(connection.run({kNoteMigration, {next->part, std::int64_t{next->version}}}));
  logger.info("tables: migrated", {{"part", next->part}, {"version", next->version}});
  return true;
}

}  // namespace

Result<> apply_migrations(SqliteConnection& connection, std::span<const Migration> migrations, const Logger& logger) {
  TRY(const Versions known, newest_versions(migrations));
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
