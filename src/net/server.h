#pragma once
// The HTTP/1.1 and WebSocket server: one listener a reactor (SO_REUSEPORT), Beast's parser on plain
// descriptors, TLS 1.3 by OpenSSL on the descriptor.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "net/connection_policy.h"
#include "net/http.h"
#include "net/reconnects.h"

namespace concord::net {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;            // 0: the kernel picks; see Server::port
  bool tls_self_signed = false;      // who starts the server makes the certificate, and names its file here
  std::string tls_certificate_file;  // PEM; empty: no TLS
  std::string tls_key_file;
  std::size_t max_header_bytes = 16u << 10u;
  std::size_t max_body_bytes = 8u << 20u;
  std::size_t max_connections = 100'000;
  std::int64_t header_timeout_ms = 10'000;  // from the first byte of a request (or the accept) to its last header
  std::int64_t body_timeout_ms = 60'000;
  std::int64_t keep_alive_timeout_ms = 60'000;
  std::size_t max_frame_bytes = 8u << 20u;          // a WebSocket message, fragments joined
  std::size_t max_queue_bytes = 4u << 20u;          // unsent bytes of one WebSocket
  std::int64_t websocket_ping_ms = 30'000;          // silence after which a ping is sent; a second one closes
  std::int64_t websocket_close_timeout_ms = 5'000;  // how long the peer may take to answer a close
};

/// Answers every request: it routes, and turns errors into problem details. The gateway implements it.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// The body limit of the request whose head (method, path, headers) has been read. Called before any body
  /// is read.
  virtual std::size_t body_limit_bytes(const Request& head) const = 0;
  virtual asio::awaitable<Response> handle(Request request) = 0;
  /// The response to input that never became a Request (malformed, too large, too slow): 400, 408, 413, 431,
  /// 501, 503.
  virtual Response refuse(int status, std::string detail) = 0;
};

class Server {
 public:
  /// Destroyed after it was drained, or never started.
  /// What is passed outlives the server. `policy` says which connections are taken; null: all of them. `reconnects`:
  /// when clients of WebSockets that the server ends are told to come back; null: they are not told.
  Server(ServerOptions options, Reactors& reactors, RequestHandler& handler, Logger logger, Metrics& metrics,
         ConnectionPolicy* policy = nullptr, Reconnects* reconnects = nullptr);
  ~Server();

  /// Binds and listens; kUnavailable with the address and the reason where it cannot, kInvalidArgument where
  /// the certificate does not load. Connections are served once the reactors run.
  Result<> start();
  /// Reads the certificate and its key again, for connections from now on; those that are open go on. Fails as start
  /// does, and then changes nothing. Any thread, after start.
  Result<> reload_tls();
  /// The bound port.
  std::uint16_t port() const;
  /// Stops accepting, lets requests under way end, closes WebSockets with kGoingAway after their queues are
  /// sent; whatever is left after `deadline_ms` is cut.
  asio::awaitable<void> drain(std::int64_t deadline_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::net
