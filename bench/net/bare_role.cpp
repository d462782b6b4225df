#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <vector>

#include "net/roles.h"

namespace concord::bench {
namespace {

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, SOMAXCONN) != 0) return -1;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

void watch(int epoll_fd, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

int serve_bare_sockets() {
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  const int epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (listener < 0 || epoll_fd < 0) return 1;
  watch(epoll_fd, listener);
  watch(epoll_fd, STDIN_FILENO);
  std::printf("%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  std::vector<int> sockets;
  std::array<epoll_event, 1024> events;
  std::array<char, 65536> buffer;
  for (;;) {
    const int count = ::epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener) {
        const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockets.push_back(accepted);
        watch(epoll_fd, accepted);
        continue;
      }
      const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (size <= 0) {
        std::erase(sockets, fd);
        ::close(fd);
        continue;
      }
      for (const int to : sockets)
        if (to != fd) (void)::send(to, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    }
  }
}

}  // namespace concord::bench
