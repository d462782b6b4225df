#include "engines/sqlite_connection.h"

#include <sqlite3.h>

#include <charconv>

#include "base/varint.h"

namespace concord::engines {
namespace {

constexpr int kProgressSteps = 20'000;  // virtual machine instructions between looks at the deadline

Code code_of(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Code::kConflict;
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:  // NOT NULL, CHECK
    case SQLITE_AUTH:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return Code::kInvalidArgument;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      return Code::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kCorrupt;
    case SQLITE_INTERRUPT:
      return Code::kTimeout;
    case SQLITE_TOOBIG:
      return Code::kTooLarge;
    default:
      return Code::kInternal;
  }
}

bool is_allowed(int action, const char* first) {
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return false;
    // ALTER TABLE checks the rows it has to convert by this one.
    case SQLITE_PRAGMA:
      return first != nullptr && std::string_view(first) == "quick_check";
    default:
      return true;
  }
}

std::unexpected<Error> bad_statement(std::string message) { return fail(Code::kInvalidArgument, std::move(message)); }

/// Clears a statement for its next use on every way out.
class ResetOnExit {
 public:
  explicit ResetOnExit(sqlite3_stmt* statement) : statement_(statement) {}
  ~ResetOnExit() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  ResetOnExit(const ResetOnExit&) = delete;
  ResetOnExit& operator=(const ResetOnExit&) = delete;

 private:
  sqlite3_stmt* statement_;
};

int bind_value(sqlite3_stmt* statement, int parameter, const Value& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int parameter;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, parameter); }
    int operator()(std::int64_t v) const { return sqlite3_bind_int64(statement, parameter, v); }
    int operator()(double v) const { return sqlite3_bind_double(statement, parameter, v); }
    int operator()(const std::string& v) const {
      return sqlite3_bind_text64(statement, parameter, v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const Bytes& v) const {
      if (v.empty()) return sqlite3_bind_zeroblob(statement, parameter, 0);
      return sqlite3_bind_blob64(statement, parameter, v.data(), v.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, parameter}, value);
}

Value column(sqlite3_stmt* statement, int index) {
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, index)); };
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, index)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
      return std::string(text, size());
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
      return Bytes(bytes, bytes + size());
    }
    default:
      return std::monostate();
  }
}

std::size_t size_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return sizeof(Value) + text->size();
  if (const auto* bytes = std::get_if<Bytes>(&value)) return sizeof(Value) + bytes->size();
  return sizeof(Value);
}

}  // namespace

SqliteConnection::SqliteConnection(SqliteConnectionOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

SqliteConnection::~SqliteConnection() {
  for (Prepared& prepared : prepared_) sqlite3_finalize(prepared.statement);
  sqlite3_close(database_);
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(SqliteConnectionOptions options, Clock& clock) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(std::move(options), clock));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (connection->options_.writer ? SQLITE_OPEN_CREATE : 0);
  const std::string& path = connection->options_.path;
  if (const int code = sqlite3_open_v2(path.c_str(), &connection->database_, flags, nullptr); code != SQLITE_OK)
    return fail(code_of(code), "cannot open the database " + path + ": " + sqlite3_errstr(code));
  if (Result<> configured = connection->configure(); !configured) {
    Error error = std::move(configured).error();
    error.message = "cannot open the database " + path + ": " + error.message;
    return fail(std::move(error));
  }
  return connection;
}

Result<> SqliteConnection::configure() {
  sqlite3_busy_timeout(database_, static_cast<int>(options_.busy_timeout_ms));
  for (const int off : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(database_, off, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_set_authorizer(
      database_,
      [](void* self, int action, const char* first, const char*, const char*, const char*) {
        return static_cast<SqliteConnection*>(self)->own_statement_ || is_allowed(action, first) ? SQLITE_OK
                                                                                                 : SQLITE_DENY;
      },
      this);
  sqlite3_progress_handler(
      database_, kProgressSteps,
      [](void* self) {
        auto* connection = static_cast<SqliteConnection*>(self);
        return connection->clock_.monotonic_ns() > connection->deadline_ns_ ? 1 : 0;
      },
      this);
  // FULL syncs the write-ahead log at each commit, so that what returned is durable.
  if (options_.writer) TRY_VOID(run_own("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864"));
  TRY_VOID(run_own("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY"));
  if (!options_.writer) TRY_VOID(run_own("PRAGMA query_only = ON"));
  return {};
}

void SqliteConnection::start_deadline() {
  deadline_ns_ = clock_.monotonic_ns() + options_.statement_timeout_ms * 1'000'000;
}

std::unexpected<Error> SqliteConnection::failure(int code) const {
  std::string message = sqlite3_errmsg(database_);
  if ((code & 0xff) == SQLITE_AUTH)
    message = "transactions, pragmas and other files are the driver's, not a statement's";
  return fail(code_of(code), std::move(message));
}

Result<> SqliteConnection::run_own(const char* sql) {
  start_deadline();
  own_statement_ = true;
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  own_statement_ = false;
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Result<> SqliteConnection::begin() { return run_own("BEGIN IMMEDIATE"); }
Result<> SqliteConnection::commit() { return run_own("COMMIT"); }
void SqliteConnection::rollback() {
  if (in_transaction()) static_cast<void>(run_own("ROLLBACK"));
}
bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

Result<> SqliteConnection::run_script(const std::string& sql) {
  start_deadline();
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Result<SqliteConnection::Prepared*> SqliteConnection::prepare(const std::string& sql) {
  if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found->second);
    return &prepared_.front();
  }
  Prepared fresh;
  fresh.sql = sql;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &fresh.statement, &rest);
  if (code != SQLITE_OK) return failure(code);
  Result<> described = describe_parameters(fresh);
  if (fresh.statement == nullptr) {
    described = bad_statement("the statement is empty");
  } else if (std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    described = bad_statement("more than one statement");
  }
  if (!described) {
    sqlite3_finalize(fresh.statement);
    return fail(std::move(described).error());
  }
  fresh.reading = sqlite3_stmt_readonly(fresh.statement) != 0;
  if (prepared_.size() >= options_.cached_statements) {
    by_sql_.erase(prepared_.back().sql);
    sqlite3_finalize(prepared_.back().statement);
    prepared_.pop_back();
  }
  prepared_.push_front(std::move(fresh));
  by_sql_.emplace(prepared_.front().sql, prepared_.begin());
  return &prepared_.front();
}

/// SQLite reads `$12` as a parameter's name, and numbers parameters as it meets them.
Result<> SqliteConnection::describe_parameters(Prepared& prepared) {
  const int count = sqlite3_bind_parameter_count(prepared.statement);
  for (int parameter = 1; parameter <= count; ++parameter) {
    const char* given = sqlite3_bind_parameter_name(prepared.statement, parameter);
    const std::string_view name = given == nullptr ? "" : given;
    std::size_t number = 0;
    const auto [end, error] =
        std::from_chars(name.data() + std::min<std::size_t>(1, name.size()), name.data() + name.size(), number);
    const bool well_formed = name.starts_with('$') && error == std::errc() && end == name.data() + name.size();
    if (!well_formed || number < 1 || number > static_cast<std::size_t>(count))
      return bad_statement("placeholders are $1, $2, ... without a gap");
    prepared.arguments.push_back(number - 1);
  }
  prepared.argument_count = static_cast<std::size_t>(count);
  return {};
}

Result<> SqliteConnection::bind(Prepared& prepared, const std::vector<Value>& arguments) {
  if (arguments.size() != prepared.argument_count) {
    return fail(Error{Code::kInvalidArgument,
                      "the statement does not fit its arguments",
                      {{"field", "arguments"},
                       {"limit", std::to_string(prepared.argument_count)},
                       {"value", std::to_string(arguments.size())}}});
  }
  for (std::size_t i = 0; i < prepared.arguments.size(); ++i) {
    const Value& value = arguments[prepared.arguments[i]];
    if (const auto* text = std::get_if<std::string>(&value);
        text != nullptr && (text->find('\0') != std::string::npos || !is_valid_utf8(*text)))
      return bad_statement("argument $" + std::to_string(prepared.arguments[i] + 1) + " is not UTF-8 text");
    const int code = bind_value(prepared.statement, static_cast<int>(i) + 1, value);
    if (code != SQLITE_OK) return failure(code);
  }
  return {};
}

Result<> SqliteConnection::read_row(sqlite3_stmt* statement, Rows& rows, std::size_t& bytes) const {
  Row row;
  const int columns = sqlite3_column_count(statement);
  row.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    row.push_back(column(statement, i));
    bytes += size_of(row.back());
  }
  if (bytes > options_.max_result_bytes) {
    return fail(Error{Code::kTooLarge,
                      "the result of a statement is too large",
                      {{"limit", std::to_string(options_.max_result_bytes)}}});
  }
  rows.rows.push_back(std::move(row));
  return {};
}

Result<Rows> SqliteConnection::step(Prepared& prepared, const std::vector<Value>& arguments) {
  const ResetOnExit reset(prepared.statement);
  TRY_VOID(bind(prepared, arguments));
  start_deadline();
  Rows rows;
  std::size_t bytes = 0;
  const std::int64_t changes_before = sqlite3_total_changes64(database_);
  for (;;) {
    const int code = sqlite3_step(prepared.statement);
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) return failure(code);
    TRY_VOID(read_row(prepared.statement, rows, bytes));
  }
  // sqlite3_changes keeps the count of an earlier statement where this one changes no rows.
  if (sqlite3_total_changes64(database_) != changes_before) rows.affected = sqlite3_changes64(database_);
  return rows;
}

Result<Rows> SqliteConnection::run(const Statement& statement) {
  TRY(Prepared* const prepared, prepare(statement.sql));
  return step(*prepared, statement.arguments);
}

Result<std::optional<Rows>> SqliteConnection::run_if_reading(const Statement& statement) {
  TRY(Prepared* const prepared, prepare(statement.sql));
  if (!prepared->reading) return std::nullopt;
  TRY(Rows rows, step(*prepared, statement.arguments));
  return std::optional<Rows>(std::move(rows));
}

}  // namespace concord::engines
