#pragma once
// What PostgreSQL's five-character codes (its manual, appendix A) mean to the ports.

#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::postgres {

/// As tables.h says. The code stands in the error's context as "sqlstate". An error without one is libpq's own: it lost
/// the server.
Error error_of(std::string_view sqlstate, std::string message);

/// That of an error made by `error_of`; "" for another.
std::string_view sqlstate_of(const Error& error);

/// Nothing of the statement or transaction was done, and the same again may well succeed: it could not be serialized,
/// was in a deadlock, or what was prepared is no longer known or fits no more.
bool is_worth_repeating(const Error& error);

/// The connection goes to a server that no longer takes writes, or ends: another one is to be opened.
bool is_end_of_connection(const Error& error);

}  // namespace concord::postgres
