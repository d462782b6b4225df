#pragma once
// A client's end of a connection: a nonblocking socket, with TLS 1.3 on it where the server's address says so. The
// certificate is not checked: servers of a benchmark have one of their own.

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "sessions/frame.h"

namespace concord::bench {

/// Where a server is, on this machine.
struct Address {
  std::uint16_t port = 0;
  bool tls = false;
};

class Wire {
 public:
  Wire() = default;
  ~Wire() { close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Begins to connect; false with errno.
  bool connect(const Address& address);
  void close();
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// What connecting came to: 0 or an errno.
  int connect_error() const;

  /// As recv and send on a nonblocking socket: -1 with EAGAIN where it has to wait, 0 at the end. The TLS handshake is
  /// done by the first of them.
  ssize_t receive(std::span<std::uint8_t> into);
  ssize_t send(ByteView bytes);
  /// Whether more can be received although the socket is not readable.
  bool has_more() const { return tls_ && SSL_pending(tls_.get()) > 0; }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  ssize_t outcome(int returned);

  int fd_ = -1;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace concord::bench
