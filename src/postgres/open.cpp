#include "postgres/open.h"

namespace concord::postgres {

Result<std::unique_ptr<engines::Tables>> open_postgres_tables(PostgresTablesOptions options, Clock& clock,
                                                              IdSource& ids, const Logger& logger, Metrics& metrics) {
  return PostgresTables::open(std::move(options), clock, ids, logger, metrics);
}

Result<std::unique_ptr<engines::Log>> open_postgres_log(PostgresLogOptions options, Clock& clock, IdSource& ids,
                                                        const Logger& logger, Metrics& metrics) {
  return PostgresLog::open(std::move(options), clock, ids, logger, metrics);
}

}  // namespace concord::postgres
