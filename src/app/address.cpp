#include "app/address.h"

#include <charconv>

namespace concord::app {

bool Address::is_loopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::string Address::url(std::uint16_t bound_port, bool secure) const {
  std::string shown = host == "0.0.0.0" || host == "::" ? "localhost" : host;
  if (shown.find(':') != std::string::npos) shown = "[" + shown + "]";
  return std::string(secure ? "https://" : "http://") + shown + ":" + std::to_string(bound_port);
}

Result<Address> parse_address(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return fail(Error{Code::kInvalidArgument, "ADDR: " + std::string(what) + ": \"" + std::string(text) + "\"",
                      {{"field", "ADDR"}, {"value", std::string(text)}}});
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("must be host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 address needs brackets");
  }
  Address address;
  address.host = host.empty() ? "0.0.0.0" : host;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return wrong("the port must be a number from 0 to 65535");
  }
  return address;
}

}  // namespace concord::app
