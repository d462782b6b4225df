#pragma once
// The `tables` port: transactions on rows, and migrations. SQL is the common subset of SQLite 3.40 and PostgreSQL 15
// (columns are BIGINT, DOUBLE PRECISION, TEXT or BYTEA; no "OR REPLACE", no pragma); placeholders are $1, $2, … without
// a gap; no service knows which driver it runs on.
//
// Every call may be made from any reactor; the awaiting coroutine resumes on its own executor. Failures: kConflict (a
// unique key or a foreign key stands against it, or a serialization failure that outlived its retries),
// kInvalidArgument (the statement does not fit its arguments, is not one statement, begins or ends a transaction,
// breaks a CHECK or a NOT NULL; text that is not UTF-8 or has a zero byte), kUnavailable (the engine is away or busy
// past its deadline, or too many calls wait), kTimeout and kTooLarge (a statement past its time, a result past its
// size), kCorrupt, kInternal (any other refusal by the engine; the message has its words).
//
// After kUnavailable from a write the answer itself may have been lost: only a write that may be repeated is repeated.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;
using Row = std::vector<Value>;

struct Rows {
  std::vector<Row> rows;
  std::int64_t affected = 0;  // rows inserted, updated or deleted

  bool empty() const { return rows.empty(); }
};

struct Statement {
  std::string sql;
  std::vector<Value> arguments;
};

/// Typed reads of a column; a value of another type is a programming error and asserts. NULL reads as 0 or "".
std::int64_t as_integer(const Value& value);
const std::string& as_string(const Value& value);
const Bytes& as_blob(const Value& value);
inline bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

/// Runs statements inside one transaction; valid only while the body of `Tables::transaction` runs.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Task<Rows> query(Statement statement) = 0;
};

struct Migration {
  std::string part;  // the service that owns the tables, e.g. "identity"
  int version = 0;   // 1, 2, 3, … within the part
  std::string sql;   // one or more statements, run in one transaction
};

class Tables {
 public:
  virtual ~Tables() = default;

  /// One statement, in a transaction of its own. What it changed is durable when it returns.
  virtual Task<Rows> query(Statement statement) = 0;

  /// Runs `body` in one serializable transaction: commits when it returns success; rolls back when it returns an error
  /// or throws (kInternal with the exception's words, kUnavailable where it was cancelled). `body` may run again after
  /// a serialization failure, so it must have no effect outside the transaction. Once a statement was refused it
  /// returns an error: what an engine still does in this transaction differs. It is kept alive until it has ended, so
  /// it may capture; it makes one query at a time, none of them by `Tables::query` for writing (that waits for this
  /// very transaction), and ends soon: past its time the transaction is rolled back and its calls are answered
  /// kUnavailable.
  virtual Task<> transaction(std::function<Task<>(Transaction&)> body) = 0;

  /// Applies what is missing, in order, each once and in its own transaction; under a lock, so that nodes may start
  /// together. Versions of a part count 1, 2, 3, … without a gap (kInvalidArgument). A part at a version this program
  /// does not know is kUnsupported (a newer program has been here), and nothing is applied.
  virtual Task<> migrate(std::vector<Migration> migrations) = 0;
};

}  // namespace concord::engines
