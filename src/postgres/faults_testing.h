#pragma once
// A fixture for what goes wrong with a server: reactors, and drivers on a database of a server that the test may break.

#include <boost/asio/use_future.hpp>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "postgres/postgres_log.h"
#include "postgres/postgres_server_testing.h"
#include "postgres/postgres_tables.h"

namespace concord::postgres::testing {

using engines::testing::code_of;

inline std::vector<engines::LogRecord> one_record(const std::string& payload) {
  std::vector<engines::LogRecord> records(1);
  records[0].payload = std::make_shared<const Bytes>(to_bytes(payload));
  return records;
}

class FaultTest : public ::testing::Test {
 protected:
  std::unique_ptr<PostgresTables> open_tables(PostgresTablesOptions options) {
    options.pool.breaker = {.failures = 1, .least_ms = 20, .most_ms = 200};
    return PostgresTables::open(std::move(options), clock_, ids_, Logger(), metrics_).value();
  }
  std::unique_ptr<PostgresLog> open_log(PostgresLogOptions options) {
    options.pool.breaker = {.failures = 1, .least_ms = 20, .most_ms = 200};
    return PostgresLog::open(std::move(options), clock_, ids_, Logger(), metrics_).value();
  }
  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  template <class T>
  std::future<Result<T>> start(Task<T> task) {
    return asio::co_spawn(reactors_.at(1).context(), std::move(task), asio::use_future);
  }
  std::uint64_t counted(const std::string& name, const std::string& use) {
    return metrics_.counter(name, "", {{"use", use}}).value();
  }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_{2};
};

}  // namespace concord::postgres::testing
