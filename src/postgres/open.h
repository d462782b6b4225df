#pragma once
// Opens the drivers as their ports. Neither connects: a server that is away makes calls fail, not this.
// kInvalidArgument where the URL or the numbers cannot be. What is passed by reference outlives them.

#include <memory>

#include "postgres/postgres_log.h"
#include "postgres/postgres_tables.h"

namespace concord::postgres {

Result<std::unique_ptr<engines::Tables>> open_postgres_tables(PostgresTablesOptions options, Clock& clock,
                                                              IdSource& ids, const Logger& logger, Metrics& metrics);

Result<std::unique_ptr<engines::Log>> open_postgres_log(PostgresLogOptions options, Clock& clock, IdSource& ids,
                                                        const Logger& logger, Metrics& metrics);

}  // namespace concord::postgres
