#include "postgres/open.h"

#include "engines/log_contract_testing.h"
#include "postgres/database_testing.h"

namespace concord::engines::log_contract {
namespace {

Driver<Log> postgres_log() {
  return {.name = "Postgres", .open = [](DriverContext& context) -> Result<std::unique_ptr<Log>> {
            postgres::PostgresLogOptions options;
            options.pool.url = postgres::testing::database_url(context.directory.path());
            return postgres::open_postgres_log(options, context.clock, context.ids, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Postgres, LogContract, ::testing::Values(postgres_log()), testing::driver_name<Log>);

}  // namespace
}  // namespace concord::engines::log_contract
