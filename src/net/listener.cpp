#include "net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace concord::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_INET;
};

std::string place(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<Address> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failure != 0)
    return fail(Code::kUnavailable, "cannot listen on " + place(host, port) + ": " + ::gai_strerror(failure));
  const AddressList list(found, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  address.family = found->ai_family;
  return address;
}

/// A bound socket, or -1 with errno.
int bind_socket(const Address& address, bool share) {
  const int fd = ::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (share) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (address.family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  return -1;
}

std::uint16_t& port_of(Address& address) {
  return address.family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port
                                    : reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port;
}

}  // namespace

Listeners::~Listeners() {
  for (const int fd : descriptors_)
    if (fd >= 0) ::close(fd);
}

int Listeners::take(std::size_t index) { return std::exchange(descriptors_[index], -1); }

Result<Listeners> listen_on(const std::string& host, std::uint16_t port, std::size_t count) {
  TRY(Address address, resolve(host, port));
  const auto refused = [&] {
    return fail(Code::kUnavailable, "cannot listen on " + place(host, port) + ": " + std::strerror(errno));
  };
  // Sharing the address is for our own sockets: one that does not share tells whether another process has it.
  if (port != 0) {
    const int probe = bind_socket(address, false);
    if (probe < 0) return refused();
    ::close(probe);
  }
  Listeners result;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = bind_socket(address, true);
    if (fd < 0) return refused();
    result.descriptors_.push_back(fd);
    if (::listen(fd, SOMAXCONN) != 0) return refused();
    if (port_of(address) == 0) {
      socklen_t size = sizeof address.storage;
      if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &size) != 0) return refused();
    }
  }
  result.port = ntohs(port_of(address));
  return result;
}

std::string format_address(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
    return text.data();
  }
  const in6_addr& wide = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&wide)) {
    ::inet_ntop(AF_INET, wide.s6_addr + 12, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, &wide, text.data(), text.size());
  }
  return text.data();
}

}  // namespace concord::net
