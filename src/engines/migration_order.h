#pragma once
// What every driver of the `tables` port checks before it applies migrations, and where it notes what it has applied.

#include <map>
#include <span>
#include <string>

#include "engines/tables.h"

namespace concord::engines {

using Versions = std::map<std::string, std::int64_t, std::less<>>;  // by part: the newest

constexpr const char* kMakeMigrationsTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "part TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (part, version))";
constexpr const char* kAppliedMigrations = "SELECT part, MAX(version) FROM schema_migrations GROUP BY part";
constexpr const char* kNoteMigration = "INSERT INTO schema_migrations (part, version) VALUES ($1, $2)";

/// The newest of each part; kInvalidArgument where those of a part do not count 1, 2, 3, … in the order given.
Result<Versions> newest_versions(std::span<const Migration> migrations);

/// What `kAppliedMigrations` gave.
Versions applied_versions(const Rows& rows);

/// The first that is missing; null where none is. kUnsupported where a part is at a version that is not known.
Result<const Migration*> next_migration(std::span<const Migration> migrations, const Versions& known,
                                        const Versions& applied);

/// The failure of one, with its name.
Error migration_failure(const Migration& migration, Error error);

}  // namespace concord::engines
