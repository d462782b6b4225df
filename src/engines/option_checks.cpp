#include "engines/option_checks.h"

#include <charconv>

namespace concord::engines {

std::unexpected<Error> invalid_option(std::string_view field, std::string message, std::string_view value) {
  return fail(Error{Code::kInvalidArgument,
                    std::string(field) + ": " + std::move(message),
                    {{"field", std::string(field)}, {"value", std::string(value)}}});
}

Result<> check_between(std::string_view field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return {};
  return invalid_option(field, "must be from " + std::to_string(least) + " to " + std::to_string(most),
                        std::to_string(value));
}

bool is_port(std::string_view text) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

}  // namespace concord::engines
