#pragma once
// Listening sockets that share one address, one for each reactor: the kernel spreads connections over them.

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace concord::net {

class Listeners {
 public:
  Listeners() = default;
  Listeners(Listeners&&) noexcept = default;
  Listeners& operator=(Listeners&&) noexcept = default;
  ~Listeners();

  std::uint16_t port = 0;
  /// The descriptor, which is the caller's from now on.
  int take(std::size_t index);

 private:
  friend Result<Listeners> listen_on(const std::string& host, std::uint16_t port, std::size_t count);
  std::vector<int> descriptors_;
};

/// Binds `count` non-blocking sockets. Port 0 lets the kernel pick one for all. kUnavailable names the
/// address and the reason, also where another process already listens there.
Result<Listeners> listen_on(const std::string& host, std::uint16_t port, std::size_t count);

/// The address without its port; an IPv4 address within IPv6 as IPv4.
std::string format_address(const sockaddr_storage& address);

}  // namespace concord::net
