#include "net/crowd.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <openssl/ssl.h>

namespace concord::bench {
namespace {

constexpr std::string_view kHandshake =
    "GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

}  // namespace

Crowd::Crowd(Dialect dialect) : dialect_(dialect), epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (dialect == Dialect::kWebSocketTls) tls_ = SSL_CTX_new(TLS_client_method());
}

Crowd::~Crowd() {
  for (Connection& connection : connections_) {
    SSL_free(connection.tls);
    ::close(connection.fd);
  }
  SSL_CTX_free(tls_);
  ::close(epoll_fd_);
}

void Crowd::connect(std::uint16_t port, std::size_t count) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (std::size_t i = 0; i < count; ++i) {
    Connection connection;
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connection.fd < 0 || ::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connection " + std::to_string(i) + " failed");
    if (dialect_ != Dialect::kBare) open_websocket(connection);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = connection.fd;
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection.fd, &event);
    connections_.push_back(connection);
  }
}

void Crowd::open_websocket(Connection& connection) {
  if (tls_ != nullptr) {
    connection.tls = SSL_new(tls_);
    SSL_set_fd(connection.tls, connection.fd);
    if (SSL_connect(connection.tls) != 1) throw std::runtime_error("a TLS handshake failed");
    SSL_write(connection.tls, kHandshake.data(), static_cast<int>(kHandshake.size()));
  } else {
    (void)::send(connection.fd, kHandshake.data(), kHandshake.size(), MSG_NOSIGNAL);
  }
  std::array<char, 1024> answer;
  const auto n = tls_ != nullptr ? SSL_read(connection.tls, answer.data(), answer.size())
                                 : ::recv(connection.fd, answer.data(), answer.size(), 0);
  if (n < 12 || !std::string_view(answer.data(), static_cast<std::size_t>(n)).starts_with("HTTP/1.1 101"))
    throw std::runtime_error("no upgrade");
}

void Crowd::send(ByteView bytes) { (void)::send(connections_.front().fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

void Crowd::receive(std::size_t bytes) {
  std::array<epoll_event, 1024> events;
  std::array<char, 65536> buffer;
  while (bytes > 0) {
    const int count = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), 10'000);
    if (count <= 0) throw std::runtime_error("nothing came for ten seconds");
    for (int i = 0; i < count; ++i) {
      const ssize_t n = ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer.data(), buffer.size(), 0);
      if (n <= 0 || static_cast<std::size_t>(n) > bytes) throw std::runtime_error("a connection ended");
      bytes -= static_cast<std::size_t>(n);
    }
  }
}

Bytes client_message(std::size_t payload_bytes) {
  Bytes frame{0x82, static_cast<std::uint8_t>(0x80U | payload_bytes), 1, 2, 3, 4};
  for (std::size_t i = 0; i < payload_bytes; ++i) frame.push_back(static_cast<std::uint8_t>('x' ^ (1 + i % 4)));
  return frame;
}

}  // namespace concord::bench
