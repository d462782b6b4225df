#include "engines/sqlite_tables.h"
#include "engines/tables_contract_testing.h"

namespace concord::engines::tables_contract {
namespace {

Driver<Tables> sqlite_tables() {
  return {.name = "Sqlite", .open = [](DriverContext& context) -> Result<std::unique_ptr<Tables>> {
            SqliteTablesOptions options;
            options.connection.path = context.directory.path() + "/test.db";
            return SqliteTables::open(options, context.clock, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, TablesContract, ::testing::Values(sqlite_tables()), testing::driver_name<Tables>);

}  // namespace
}  // namespace concord::engines::tables_contract
