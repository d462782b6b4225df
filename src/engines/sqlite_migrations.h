#pragma once
// Migrations on a SQLite connection. What was applied stands in the table `schema_migrations (part, version)`.

#include <span>

#include "base/log.h"
#include "engines/sqlite_connection.h"

namespace concord::engines {

/// As `Tables::migrate`. The write lock of SQLite is held from the look at what is there to the end of each migration.
Result<> apply_migrations(SqliteConnection& connection, std::span<const Migration> migrations, const Logger& logger);

}  // namespace concord::engines
