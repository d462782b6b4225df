#include "postgres/sql_errors.h"

#include <algorithm>
#include <array>
#include <utility>

namespace concord::postgres {
namespace {

// The longest that fits decides, so the first in the list.
constexpr std::array<std::pair<std::string_view, Code>, 35> kCodes = {{
    {"23505", Code::kConflict},         // unique
    {"23503", Code::kConflict},         // foreign key
    {"23P01", Code::kConflict},         // exclusion
    {"40001", Code::kConflict},         // serialization
    {"40P01", Code::kConflict},         // deadlock
    {"23502", Code::kInvalidArgument},  // NOT NULL
    {"23514", Code::kInvalidArgument},  // CHECK
    {"42804", Code::kInvalidArgument},  // a value's type
    {"42P02", Code::kInvalidArgument},  // parameters
    {"42P18", Code::kInvalidArgument}, {"08P01", Code::kInvalidArgument},
    {"25001", Code::kInvalidArgument}, {"25P01", Code::kInvalidArgument},
    {"57014", Code::kTimeout},      // statement_timeout
    {"25006", Code::kUnavailable},  // read-only: a standby
    {"25P02", Code::kUnavailable},  // behind a failure in the same transaction
    {"25P03", Code::kUnavailable},  // idle in a transaction for too long
    {"55P03", Code::kUnavailable},  // lock_timeout
    {"55006", Code::kUnavailable},     {"57P01", Code::kUnavailable},
    {"57P02", Code::kUnavailable},     {"57P03", Code::kUnavailable},
    {"57P05", Code::kUnavailable},     {"XX001", Code::kCorrupt},
    {"XX002", Code::kCorrupt},         {"08", Code::kUnavailable},  // connection
    {"22", Code::kInvalidArgument},    {"23", Code::kInvalidArgument},
    {"28", Code::kUnavailable},  // who we are is not believed
    {"3D", Code::kUnavailable},  // no such database
    {"53", Code::kUnavailable},  // disk, memory, connections
    {"54", Code::kTooLarge},           {"57", Code::kUnavailable},
    {"58", Code::kUnavailable},  // the system's errors
    {"40", Code::kUnavailable},  // what became of the transaction is not known
}};

}  // namespace

Error error_of(std::string_view sqlstate, std::string message) {
  const auto* found = std::ranges::find_if(kCodes, [&](const auto& row) { return sqlstate.starts_with(row.first); });
  Code code = found == kCodes.end() ? Code::kInternal : found->second;
  if (sqlstate.empty()) code = Code::kUnavailable;
  return {code, std::move(message), {{"sqlstate", std::string(sqlstate)}}};
}

std::string_view sqlstate_of(const Error& error) {
  const auto found = std::ranges::find(error.context, "sqlstate", &std::pair<std::string, std::string>::first);
  return found == error.context.end() ? std::string_view() : found->second;
}

bool is_worth_repeating(const Error& error) {
  const std::string_view state = sqlstate_of(error);
  return state == "40001" || state == "40P01" || state == "26000";
}

bool is_end_of_connection(const Error& error) {
  const std::string_view state = sqlstate_of(error);
  return state == "25006" || state == "25P03" || state.starts_with("57P") ||
         (state.starts_with("08") && state != "08P01");
}

}  // namespace concord::postgres
