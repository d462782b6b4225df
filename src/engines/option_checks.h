#pragma once
// What drivers refuse in their settings, each naming the field and the value.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::engines {

/// kInvalidArgument: "FIELD: message".
std::unexpected<Error> invalid_option(std::string_view field, std::string message, std::string_view value);
Result<> check_between(std::string_view field, std::int64_t value, std::int64_t least, std::int64_t most);
/// Whether it is a TCP port, in digits alone.
bool is_port(std::string_view text);

}  // namespace concord::engines
