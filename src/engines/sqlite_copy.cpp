#include "engines/sqlite_copy.h"

#include <sqlite3.h>

namespace concord::engines {
namespace {

constexpr int kBusyTimeoutMs = 5000;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, Close>;

Error error_of(sqlite3* database, int code, const std::string& path) {
  const bool corrupt = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
  return {corrupt ? Code::kCorrupt : Code::kUnavailable,
          "the database " + path + ": " + (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code)),
          {{"file", path}}};
}

Result<Database> open_database(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return fail(error_of(raw, code, path));
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return database;
}

/// The first column of the rows.
Result<std::vector<std::string>> query(sqlite3* database, const std::string& path, const std::string& sql) {
  std::vector<std::string> rows;
  const int code = sqlite3_exec(
      database, sql.c_str(),
      [](void* out, int count, char** values, char**) {
        if (count > 0 && values[0] != nullptr) static_cast<std::vector<std::string>*>(out)->emplace_back(values[0]);
        return 0;
      },
      &rows, nullptr);
  if (code != SQLITE_OK) return fail(error_of(database, code, path));
  return rows;
}

}  // namespace

Result<std::unique_ptr<SqliteCopier>> SqliteCopier::open(const std::string& path) {
  std::unique_ptr<SqliteCopier> copier(new SqliteCopier(path));
  // Not read-only: a reader of a write-ahead log keeps its place in the file beside it.
  TRY(Database database, open_database(path, SQLITE_OPEN_READWRITE));
  TRY_VOID(query(database.get(), path, "PRAGMA query_only = ON"));
  copier->database_ = database.release();
  TRY_VOID(copier->version());
  return copier;
}

SqliteCopier::~SqliteCopier() { sqlite3_close(database_); }

std::unexpected<Error> SqliteCopier::failure(sqlite3* database, int code) const {
  return fail(error_of(database, code, path_));
}

Result<std::int64_t> SqliteCopier::version() {
  TRY(const auto rows, query(database_, path_, "PRAGMA data_version"));
  if (rows.size() != 1) return fail(Code::kInternal, "SQLite tells no data_version");
  return std::strtoll(rows.front().c_str(), nullptr, 10);
}

Result<> SqliteCopier::copy(const std::string& to) {
  TRY(const Database target, open_database(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  TRY_VOID(query(target.get(), to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", database_, "main");
  if (backup == nullptr) return failure(target.get(), sqlite3_errcode(target.get()));
  int code = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE) code = finished;
  if (code != SQLITE_OK) return failure(target.get(), code);
  return {};
}

Result<> run_on_database(const std::string& path, const std::string& sql) {
  TRY(const Database database, open_database(path, SQLITE_OPEN_READWRITE));
  TRY_VOID(query(database.get(), path, sql));
  return {};
}

Result<std::vector<std::string>> column_of_database(const std::string& path, const std::string& sql) {
  TRY(const Database database, open_database(path, SQLITE_OPEN_READWRITE));
  return query(database.get(), path, sql);
}

Result<> check_database(const std::string& path) {
  TRY(const Database database, open_database(path, SQLITE_OPEN_READWRITE));
  TRY(const auto rows, query(database.get(), path, "PRAGMA integrity_check"));
  if (rows.size() == 1 && rows.front() == "ok") return {};
  const std::string first = rows.empty() ? "SQLite says nothing" : rows.front();
  return fail(Error{Code::kCorrupt, "the database " + path + " does not hold together: " + first, {{"file", path}}});
}

}  // namespace concord::engines
