#pragma once
// What a driver must know of a statement before it is sent: how many there are, which placeholders, what kind. Strings,
// quoted names, comments and dollar quotes are passed over as PostgreSQL's own scanner does (its manual, section 4.1;
// standard_conforming_strings is on).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace concord::postgres {

/// kInvalidArgument where `sql` is not one statement that reads or changes rows or tables (one that begins or ends a
/// transaction, or sets what holds for the connection, is the driver's), or where its placeholders are not
/// $1 … $`arguments`, each at least once.
Result<> check_statement(std::string_view sql, std::size_t arguments);

/// The statements of a script, without what separates them.
std::vector<std::string> split_script(std::string_view sql);

}  // namespace concord::postgres
