#include "postgres/postgres_migrations.h"

#include "engines/migration_order.h"
#include "postgres/sql_text.h"

namespace concord::postgres {
namespace {

using engines::Migration;
using engines::Rows;
using engines::Versions;

constexpr std::int64_t kLock = 0x636f'6e63'6f72'6431;  // "concord1", among the database's advisory locks

Step step(std::string sql) { return {std::move(sql), {}}; }

/// Statements behind the lock see what who held it before has committed: each has a snapshot of its own.
std::vector<Step> beginning() {
  std::vector<Step> steps;
  steps.push_back(step("BEGIN ISOLATION LEVEL READ COMMITTED"));
  steps.push_back(step("SET LOCAL statement_timeout = 0"));
  steps.push_back(step("SET LOCAL lock_timeout = 0"));
  steps.push_back({"SELECT pg_advisory_xact_lock($1)", {}});
  steps.back().parameters.push_back(parameter_of(kLock));
  steps.push_back(step(engines::kMakeMigrationsTable));
  steps.push_back(step(engines::kAppliedMigrations));
  return steps;
}

Task<> apply(Connection& connection, const Migration& migration, std::int64_t timeout_ms) {
  for (std::string& sql : split_script(migration.sql)) {
    Result<> done = check_statement(sql, 0);
    if (done) {
      std::vector<Step> steps;
      steps.push_back(step(std::move(sql)));
      if (auto answer = co_await connection.run(std::move(steps), timeout_ms); !answer)
        done = fail(std::move(answer).error());
    }
    if (!done) co_return fail(engines::migration_failure(migration, std::move(done).error()));
  }
  std::vector<Step> note;
  note.push_back(step(engines::kNoteMigration));
  note[0].parameters.push_back(parameter_of(migration.part));
  note[0].parameters.push_back(parameter_of(std::int64_t{migration.version}));
  CO_TRY_VOID(co_await connection.run(std::move(note), timeout_ms));
  co_return Result<>();
}

/// False where none is missing.
Task<bool> apply_next(Connection& connection, const std::vector<Migration>& migrations, const Versions& known,
                      std::int64_t timeout_ms, const Logger& logger) {
  CO_TRY(const std::vector<Rows> answer, co_await connection.run(beginning(), timeout_ms));
  CO_TRY(const Migration* const next,
         engines::next_migration(migrations, known, engines::applied_versions(answer.back())));
  if (next != nullptr) CO_TRY_VOID(co_await apply(connection, *next, timeout_ms));
  std::vector<Step> commit;
  commit.push_back(step("COMMIT"));
  CO_TRY_VOID(co_await connection.run(std::move(commit), timeout_ms));
  if (next != nullptr) logger.info("tables: migrated", {{"part", next->part}, {"version", next->version}});
  co_return next != nullptr;
}

}  // namespace

Task<> apply_migrations(Pool& pool, std::vector<Migration> migrations, std::int64_t timeout_ms, const Logger& logger) {
  CO_TRY(const Versions known, engines::newest_versions(migrations));
  CO_TRY(Pool::Lease lease, co_await pool.acquire());
  for (;;) {
    Result<bool> more = co_await apply_next(*lease.operator->(), migrations, known, timeout_ms, logger);
    if (more && *more) continue;
    if (more) co_return Result<>();
    std::vector<Step> rollback;
    rollback.push_back(step("ROLLBACK"));
    static_cast<void>(co_await lease->run(std::move(rollback), pool.options().grace_ms));
    co_return fail(std::move(more).error());
  }
}

}  // namespace concord::postgres
