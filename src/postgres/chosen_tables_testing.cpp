#include "postgres/chosen_tables_testing.h"

#include <cstdlib>
#include <string_view>

#include "engines/tables_opener_testing.h"
#include "postgres/database_testing.h"
#include "postgres/postgres_tables.h"

namespace concord::postgres::testing {

bool use_postgres_where_asked() {
  const char* asked = std::getenv("CONCORD_TEST_TABLES");
  if (asked == nullptr || std::string_view(asked) != "postgres") return false;
  concord::testing::tables_opener() = [](const std::string& directory, Clock& clock, Metrics& metrics) {
    static SystemClock system;
    static SystemIdSource ids(system);
    PostgresTablesOptions options;
    options.pool.url = database_url(directory);
    options.pool.connections = 4;
    return PostgresTables::open(std::move(options), clock, ids, Logger(), metrics).value();
  };
  return true;
}

}  // namespace concord::postgres::testing
