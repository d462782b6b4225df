#include "postgres/open.h"

#include "engines/tables_contract_testing.h"
#include "postgres/database_testing.h"

namespace concord::engines::tables_contract {
namespace {

Driver<Tables> postgres_tables() {
  return {.name = "Postgres", .open = [](DriverContext& context) -> Result<std::unique_ptr<Tables>> {
            postgres::PostgresTablesOptions options;
            options.pool.url = postgres::testing::database_url(context.directory.path());
            return postgres::open_postgres_tables(options, context.clock, context.ids, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Postgres, TablesContract, ::testing::Values(postgres_tables()), testing::driver_name<Tables>);

}  // namespace
}  // namespace concord::engines::tables_contract
