#pragma once
// "host:port" as the setting ADDR has it.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::app {

struct Address {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  /// Whether only this machine can reach it.
  bool is_loopback() const;
  /// For people: http://127.0.0.1:8080; an address that means "everywhere" is shown as localhost.
  std::string url(std::uint16_t bound_port, bool secure) const;
};

/// "127.0.0.1:8080", "[::1]:8080", "hub.example:443" or ":8080" (every address).
Result<Address> parse_address(std::string_view text);

}  // namespace concord::app
