#pragma once
// host:port, and [host]:port where the host has colons.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::link {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

/// kInvalidArgument says what is wrong.
Result<HostPort> parse_address(std::string_view address);
std::string format_address(const HostPort& address);
/// Whether it stands for all of a machine's addresses, and so cannot be dialled.
bool is_wildcard(std::string_view host);

}  // namespace concord::link
