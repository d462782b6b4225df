#include "link/address.h"

#include <charconv>

namespace concord::link {

Result<HostPort> parse_address(std::string_view address) {
  const auto wrong = [&] { return fail(Code::kInvalidArgument, "\"" + std::string(address) + "\" is not host:port"); };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong();
  std::string_view host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  const std::string_view digits = address.substr(colon + 1);
  HostPort parsed{.host = std::string(host)};
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
  if (host.empty() || digits.empty() || failure != std::errc() || end != digits.data() + digits.size()) return wrong();
  return parsed;
}

std::string format_address(const HostPort& address) {
  const bool colons = address.host.find(':') != std::string::npos;
  return (colons ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_wildcard(std::string_view host) { return host == "0.0.0.0" || host == "::" || host == "*"; }

}  // namespace concord::link
