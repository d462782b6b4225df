#pragma once
// Many clients on one thread: they connect one by one, then only count what they are sent.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

struct ssl_st;
struct ssl_ctx_st;

namespace concord::bench {

enum class Dialect : std::uint8_t { kBare, kWebSocket, kWebSocketTls };

class Crowd {
 public:
  explicit Crowd(Dialect dialect);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  /// Throws std::runtime_error where a connection fails.
  void connect(std::uint16_t port, std::size_t count);
  /// Sends bytes as they are on the first connection.
  void send(ByteView bytes);
  /// Reads until `bytes` more have come in sum; throws after ten seconds of nothing. Not over TLS.
  void receive(std::size_t bytes);

 private:
  struct Connection {
    int fd = -1;
    ssl_st* tls = nullptr;
  };
  void open_websocket(Connection& connection);

  Dialect dialect_;
  ssl_ctx_st* tls_ = nullptr;
  int epoll_fd_ = -1;
  std::vector<Connection> connections_;
};

/// A masked binary frame.
Bytes client_message(std::size_t payload_bytes);

}  // namespace concord::bench
