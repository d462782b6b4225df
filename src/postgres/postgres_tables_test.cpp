#include "postgres/postgres_tables.h"

#include <filesystem>
#include <fstream>

#include "engines/tables_contract_testing.h"
#include "postgres/postgres_server_testing.h"

namespace concord::engines::tables_contract {
namespace {

/// A test opens its tables again on the same database.
Driver<Tables> postgres_tables() {
  return {.name = "Postgres", .open = [](DriverContext& context) -> Result<std::unique_ptr<Tables>> {
            auto& server = postgres::testing::PostgresServer::shared();
            const std::string mark = context.directory.path() + "/database";
            if (!std::filesystem::exists(mark)) std::ofstream(mark) << server.make_database();
            std::string database;
            std::ifstream(mark) >> database;
            postgres::PostgresTablesOptions options;
            options.pool.url = server.url(database);
            return postgres::PostgresTables::open(options, context.clock, context.ids, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Postgres, TablesContract, ::testing::Values(postgres_tables()), testing::driver_name<Tables>);

}  // namespace
}  // namespace concord::engines::tables_contract
