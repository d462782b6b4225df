#pragma once
// One SQLite connection with its prepared statements. One thread at a time. No SQL of a service may begin or end a
// transaction, attach a file or set a pragma: that is the driver's.

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "engines/tables.h"

struct sqlite3;
struct sqlite3_stmt;

namespace concord::engines {

struct SqliteConnectionOptions {
  std::string path;
  bool writer = false;                         // makes the file where it is missing; others only read
  std::int64_t busy_timeout_ms = 5000;         // for locks of other processes
  std::int64_t statement_timeout_ms = 30'000;  // then kTimeout
  std::size_t max_result_bytes = 64U << 20U;   // then kTooLarge
  std::size_t cached_statements = 256;
};

class SqliteConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> open(SqliteConnectionOptions options, Clock& clock);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// Runs one statement in the transaction that is open, or in its own.
  Result<Rows> run(const Statement& statement);
  /// The same where the statement only reads; nullopt, and nothing is done, where it writes.
  Result<std::optional<Rows>> run_if_reading(const Statement& statement);
  /// Several statements without arguments.
  Result<> run_script(const std::string& sql);

  Result<> begin();
  Result<> commit();
  void rollback();
  /// False once the engine has rolled the transaction back by itself.
  bool in_transaction() const;

 private:
  struct Prepared {
    std::string sql;
    sqlite3_stmt* statement = nullptr;
    std::vector<std::size_t> arguments;  // by parameter: the argument it takes
    std::size_t argument_count = 0;
    bool reading = false;
  };
  explicit SqliteConnection(SqliteConnectionOptions options, Clock& clock);

  Result<> configure();
  Result<> run_own(const char* sql);
  Result<Prepared*> prepare(const std::string& sql);
  Result<> describe_parameters(Prepared& prepared);
  Result<Rows> step(Prepared& prepared, const std::vector<Value>& arguments);
  Result<> bind(Prepared& prepared, const std::vector<Value>& arguments);
  Result<> read_row(sqlite3_stmt* statement, Rows& rows, std::size_t& bytes) const;
  void start_deadline();
  std::unexpected<Error> failure(int code) const;

  SqliteConnectionOptions options_;
  Clock& clock_;
  sqlite3* database_ = nullptr;
  std::list<Prepared> prepared_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_sql_;
  bool own_statement_ = false;  // the authorizer lets everything pass
  std::int64_t deadline_ns_ = 0;
};

}  // namespace concord::engines
