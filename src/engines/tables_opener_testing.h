#pragma once
// The tables of a service's tests: SQLite in the test's directory, unless the test program has put another opener in
// its place (postgres/chosen_tables_testing.h).

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "engines/sqlite_tables.h"

namespace concord::testing {

using TablesOpener = std::function<std::unique_ptr<engines::Tables>(const std::string& directory, Clock&, Metrics&)>;

/// Empty: SQLite.
inline TablesOpener& tables_opener() {
  static TablesOpener opener;
  return opener;
}

/// What was in the tables of this directory is in them again. Throws where they cannot be opened.
inline std::unique_ptr<engines::Tables> open_tables(const std::string& directory, Clock& clock, Metrics& metrics) {
  if (tables_opener()) return tables_opener()(directory, clock, metrics);
  engines::SqliteTablesOptions options;
  options.connection.path = directory + "/tables.db";
  return engines::SqliteTables::open(options, clock, Logger(), metrics).value();
}

}  // namespace concord::testing
