#include "app/address.h"

namespace concord::app {

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::string url_of(std::string_view host, std::uint16_t port, bool secure) {
  std::string shown = host.empty() || host == "0.0.0.0" || host == "::" ? "localhost" : std::string(host);
  if (shown.find(':') != std::string::npos) shown = "[" + shown + "]";
  return (secure ? "https://" : "http://") + shown + ":" + std::to_string(port);
}

}  // namespace concord::app
