#include "link/raw_peer_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <openssl/ssl.h>

namespace concord::link::testing {
namespace {

constexpr timeval kGenerousTime{.tv_sec = 60};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::unique_ptr<RawPeer> RawPeer::connect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return nullptr;
  }
  return std::make_unique<RawPeer>(fd);
}

RawPeer::~RawPeer() {
  SSL_free(session_);
  SSL_CTX_free(context_);
  if (fd_ >= 0) ::close(fd_);
}

bool RawPeer::shake_hands(const NodeCertificate* files, bool opener) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kGenerousTime, sizeof kGenerousTime);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that are gone
  context_ = SSL_CTX_new(TLS_method());
  if (files != nullptr) {
    SSL_CTX_use_certificate_chain_file(context_, files->certificate_file.c_str());
    SSL_CTX_use_PrivateKey_file(context_, files->key_file.c_str(), SSL_FILETYPE_PEM);
  }
  session_ = SSL_new(context_);
  SSL_set_fd(session_, fd_);
  return (opener ? SSL_connect(session_) : SSL_accept(session_)) == 1;
}

void RawPeer::send_plain(std::string_view text) { (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }

bool RawPeer::send(ByteView bytes) {
  return SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
}

Bytes RawPeer::receive(std::size_t bytes) {
  Bytes got(bytes);
  std::size_t have = 0;
  while (have < bytes) {
    const int count = SSL_read(session_, got.data() + have, static_cast<int>(bytes - have));
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  got.resize(have);
  return got;
}

bool RawPeer::is_ended() {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kGenerousTime, sizeof kGenerousTime);
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

void RawPeer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

RawListener::RawListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
  ::listen(fd_, 16);
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { ::close(fd_); }

std::unique_ptr<RawPeer> RawListener::accept() {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  return fd < 0 ? nullptr : std::make_unique<RawPeer>(fd);
}

}  // namespace concord::link::testing
