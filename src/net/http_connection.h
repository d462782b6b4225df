#pragma once
// One HTTP/1.1 connection: a coroutine that reads a request, lets the handler answer, writes the response,
// and again, until either side ends it or it becomes a WebSocket. Responses leave in the order of their
// requests because the next request is not read before.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/reactor.h"
#include "net/server.h"
#include "net/stream.h"
#include "net/websocket_engine.h"

namespace concord::net {

class HttpConnection;

struct HttpMetrics {
  explicit HttpMetrics(Metrics& metrics);
  void record(int status, double seconds);

  Gauge& connections;
  Histogram& latency;
  Counter* by_class[5];  // 1xx to 5xx
};

/// What all connections of a server share. Outlives them.
struct HttpShared {
  const ServerOptions& options;
  RequestHandler& handler;
  Logger logger;
  HttpMetrics& metrics;
  const TlsSlot* tls = nullptr;                       // null: no TLS
  std::function<void(Reactor&, Handover)> hand_over;  // to that reactor's WebSocket engine
  std::atomic<bool> draining{false};
  std::atomic<std::size_t>& open_connections;  // HTTP and WebSocket
  std::atomic<std::uint64_t> next_request{0};
};

/// The HTTP connections of one reactor, so that one timer serves all their deadlines.
class HttpConnections {
 public:
  HttpConnections(Reactor& reactor, HttpShared& shared);

  Reactor& reactor() { return reactor_; }
  HttpShared& shared() { return shared_; }
  std::size_t size() const { return connections_.size(); }

  /// Serves the accepted descriptor, which open_connections already counts, until it ends. `over_limit`
  /// answers 503.
  asio::awaitable<void> serve(Stream stream, std::string peer_address, bool over_limit);
  /// Wakes those whose deadline has passed; those that wait for a request too, while the server drains.
  void wake_expired();
  /// From now on nothing waits for a client: every connection ends as soon as its handler has returned.
  void cut();

 private:
  friend class HttpConnection;
  Reactor& reactor_;
  HttpShared& shared_;
  std::vector<std::uint8_t> read_buffer_;   // what one read takes; no connection keeps it
  std::vector<std::uint8_t> write_buffer_;  // for TLS records
  std::vector<HttpConnection*> connections_;
  bool cut_ = false;
};

}  // namespace concord::net
