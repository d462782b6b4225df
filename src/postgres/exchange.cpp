#include "postgres/exchange.h"

#include <libpq-fe.h>

#include <charconv>
#include <string_view>

#include "postgres/sql_errors.h"

namespace concord::postgres {
namespace {

std::string_view field(const PGresult* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

/// INSERT 0 3, UPDATE 3, DELETE 3; a SELECT counts what it gave, which is not asked for.
std::int64_t affected_of(const PGresult* result) {
  const std::string_view status = PQcmdStatus(const_cast<PGresult*>(result));
  if (!status.starts_with("INSERT") && !status.starts_with("UPDATE") && !status.starts_with("DELETE")) return 0;
  std::int64_t count = 0;
  const std::size_t space = status.rfind(' ');
  if (space != std::string_view::npos) std::from_chars(status.data() + space + 1, status.data() + status.size(), count);
  return count;
}

}  // namespace

bool is_end_of_replication_wait(const PGresult* notice) {
  // The message may be in any language, the function's name is not.
  return field(notice, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN" ||
         field(notice, PG_DIAG_MESSAGE_PRIMARY).contains("synchronous replication");
}

Result<> Exchange::take(const PGresult* result) {
  switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      break;
    case PGRES_PIPELINE_ABORTED:
      command_failed_ = true;
      return {};
    default:
      take_error(result);
      return {};
  }
  if (!runs_next()) return {};
  if (!begun_) rows_.emplace_back();
  begun_ = true;
  for (int row = 0; row < PQntuples(result); ++row) TRY_VOID(take_row(result, row));
  if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) rows_.back().affected = affected_of(result);
  return {};
}

Result<> Exchange::take_row(const PGresult* result, int row) {
  engines::Row values;
  const int columns = PQnfields(result);
  values.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) {
    bytes_ += sizeof(engines::Value);
    if (PQgetisnull(result, row, column) != 0) {
      values.emplace_back();
      continue;
    }
    const auto size = static_cast<std::size_t>(PQgetlength(result, row, column));
    bytes_ += size;
    Result<engines::Value> value = value_of(
        PQftype(result, column), {reinterpret_cast<const std::uint8_t*>(PQgetvalue(result, row, column)), size});
    if (!value && !error_) error_ = std::move(value.error()).with("column", PQfname(result, column));
    values.push_back(value ? std::move(*value) : engines::Value());
  }
  if (bytes_ > max_bytes_) {
    return fail(
        Error{Code::kTooLarge, "the result of a statement is too large", {{"limit", std::to_string(max_bytes_)}}});
  }
  rows_.back().rows.push_back(std::move(values));
  return {};
}

void Exchange::take_error(const PGresult* result) {
  command_failed_ = true;
  if (error_) return;
  std::string_view state = field(result, PG_DIAG_SQLSTATE);
  // A plan whose columns have changed since: as if it were prepared no more.
  if (state == "0A000" && field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery") state = "26000";
  const std::string_view message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  error_ = error_of(state, std::string(message.empty() ? PQresultErrorMessage(result) : message.data()));
}

std::string Exchange::command_ended() {
  std::string unknown;
  if (at_ < commands_.size()) {
    const Command& command = commands_[at_];
    const bool is_gone = error_ && sqlstate_of(*error_) == "26000";
    if (command_failed_ && (command.kind == Command::Kind::kPrepare || is_gone)) unknown = command.name;
    ++at_;
  }
  command_failed_ = false;
  begun_ = false;
  return unknown;
}

bool Exchange::ends_connection() const { return error_ && is_end_of_connection(*error_); }

void Exchange::finish() {
  if (!error_ && !replicated_) {
    error_ =
        Error{Code::kUnavailable, "the wait for a standby was ended: what was written may be lost with its server", {}};
  }
  if (error_) {
    done_(fail(*std::move(error_)));
  } else {
    done_(std::move(rows_));
  }
}

void Exchange::finish_early(Error error) { done_(fail(error_ ? *std::move(error_) : std::move(error))); }

}  // namespace concord::postgres
