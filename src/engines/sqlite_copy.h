#pragma once
// Copies of a SQLite database that others use meanwhile, also other processes. One thread at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct sqlite3;

namespace concord::engines {

class SqliteCopier {
 public:
  /// The file exists. kUnavailable, kCorrupt.
  static Result<std::unique_ptr<SqliteCopier>> open(const std::string& path);
  ~SqliteCopier();
  SqliteCopier(const SqliteCopier&) = delete;
  SqliteCopier& operator=(const SqliteCopier&) = delete;

  /// A number that is another one after every commit of anybody else.
  Result<std::int64_t> version();
  /// The database as of one commit, as the file `to`, which does not exist; not synced.
  Result<> copy(const std::string& to);

 private:
  explicit SqliteCopier(std::string path) : path_(std::move(path)) {}
  std::unexpected<Error> failure(sqlite3* database, int code) const;

  std::string path_;
  sqlite3* database_ = nullptr;
};

/// Runs the statements, none of which has arguments, on the file. For a database that nobody else uses.
Result<> run_on_database(const std::string& path, const std::string& sql);
/// What the first column of a query has, as text.
Result<std::vector<std::string>> column_of_database(const std::string& path, const std::string& sql);
/// kCorrupt, with SQLite's words, where the database does not hold together.
Result<> check_database(const std::string& path);

}  // namespace concord::engines
