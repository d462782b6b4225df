#pragma once
// Migrations under a lock of the database's, each in its own transaction.

#include <vector>

#include "postgres/pool.h"

namespace concord::postgres {

/// As Tables::migrate says. On the pool's reactor. `timeout_ms` is for each step, the wait for another node's included.
Task<> apply_migrations(Pool& pool, std::vector<engines::Migration> migrations, std::int64_t timeout_ms,
                        const Logger& logger);

}  // namespace concord::postgres
