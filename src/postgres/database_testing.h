#pragma once
// The database of one test on the shared server: made when it is first asked for, the same when an engine is opened
// again.

#include <filesystem>
#include <fstream>
#include <string>

#include "postgres/postgres_server_testing.h"

namespace concord::postgres::testing {

/// `directory` is the test's own.
inline std::string database_url(const std::string& directory, PostgresServer& server = PostgresServer::shared()) {
  const std::string mark = directory + "/database";
  if (!std::filesystem::exists(mark)) std::ofstream(mark) << server.make_database();
  std::string database;
  std::ifstream(mark) >> database;
  return server.url(database);
}

}  // namespace concord::postgres::testing
