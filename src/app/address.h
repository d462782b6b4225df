#pragma once
// What a listening address means to people.

#include <cstdint>
#include <string>
#include <string_view>

namespace concord::app {

/// Whether only this machine can reach a server that listens on `host`.
bool is_loopback(std::string_view host);

/// As a browser on this machine opens it; an address that means "everywhere" is shown as localhost.
std::string url_of(std::string_view host, std::uint16_t port, bool secure);

}  // namespace concord::app
