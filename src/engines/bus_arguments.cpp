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

Result<> check_bus_message(const SharedBytes& message) {
  if (!message) return fail(Error{Code::kInvalidArgument, "message is null", {{"field", "message"}}});
  return check_bus_size("message", message->size());
}

}  // namespace concord::engines
