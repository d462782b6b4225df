#include "engines/bus_arguments.h"

namespace concord::engines {

Result<> check_bus_name(std::string_view field, const std::string& name) {
  if (!name.empty() && name.size() <= kMaxBusNameBytes) return {};
  return fail(Error{Code::kInvalidArgument,
                    "a name on the bus has 1 to 512 bytes",
                    {{"field", std::string(field)},
                     {"limit", std::to_string(kMaxBusNameBytes)},
                     {"value", std::to_string(name.size())}}});
}

Result<> check_bus_ttl(std::int64_t ttl_ms) {
  if (ttl_ms >= 1) return {};
  return fail(Error{Code::kInvalidArgument,
                    "a time to live is at least one millisecond",
                    {{"field", "ttl_ms"}, {"limit", "1"}, {"value", std::to_string(ttl_ms)}}});
}

Result<> check_bus_size(std::string_view field, std::size_t size) {
  if (size <= kMaxBusValueBytes) return {};
  return fail(Error{
      Code::kTooLarge,
      "too large for the bus",
      {{"field", std::string(field)}, {"limit", std::to_string(kMaxBusValueBytes)}, {"value", std::to_string(size)}}});
}

Result<> check_bus_tokens(std::int64_t tokens, const Bus::Filling& filling) {
  const auto check = [](std::string_view field, std::int64_t value, std::int64_t least) -> Result<> {
    if (value >= least && value <= kMostBusTokens) return {};
    return fail(
        Error{Code::kInvalidArgument,
              std::string(field) + " is from " + std::to_string(least) + " to " + std::to_string(kMostBusTokens),
              {{"field", std::string(field)}, {"value", std::to_string(value)}}});
  };
  TRY_VOID(check("tokens", tokens, 0));
  TRY_VOID(check("per_minute", filling.per_minute, 1));
  return check("burst", filling.burst, 1);
}

Result<> check_bus_message(const SharedBytes& message) {
  if (!message) return fail(Error{Code::kInvalidArgument, "message is null", {{"field", "message"}}});
  return check_bus_size("message", message->size());
}

}  // namespace concord::engines
