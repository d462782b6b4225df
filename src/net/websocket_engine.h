#pragma once
// All WebSocket connections of one reactor: one epoll set of their own, whose descriptor the reactor watches;
// records from a pool; one read buffer and one write buffer for all of them; one coarse sweep for silence and
// closing.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "net/reconnects.h"
#include "net/stream.h"
#include "net/websocket.h"

namespace concord::net {

struct WebSocketOptions {
  std::size_t max_message_bytes = 8u << 20u;
  std::size_t max_queue_bytes = 4u << 20u;
  std::int64_t ping_ms = 30'000;
  std::int64_t close_timeout_ms = 5'000;  // how long a closing handshake may take
  Reconnects* reconnects = nullptr;       // when clients are told to come back; outlives the engine; null: they are not
};

/// Instruments shared by the engines of a server; each adds what a loop turn did at its end.
struct WebSocketMetrics {
  explicit WebSocketMetrics(Metrics& metrics);
  Gauge& connections;
  Counter& messages_received;
  Counter& bytes_received;
  Counter& frames_sent;
  Counter& bytes_sent;
  Counter& writes;
  Counter& slow_consumers;
  Counter& violations;
};

/// A connection on its way from its HTTP upgrade to an engine.
struct Handover {
  Stream stream;
  Bytes already_read;  // what the client sent right behind its handshake
  std::shared_ptr<WebSocketHandler> handler;
  std::shared_ptr<void> state;
};

class WebSocketCore;

class WebSocketEngine {
 public:
  /// `on_end` is called once for each adopted connection, when its descriptor has been closed.
  WebSocketEngine(Reactor& reactor, WebSocketOptions options, WebSocketMetrics& metrics,
                  std::move_only_function<void()> on_end);
  ~WebSocketEngine();  // stopped, or never started

  /// kUnavailable where the system has no more descriptors. Any thread; all below runs on the reactor.
  Result<> start();
  void adopt(Handover handover);
  /// Closes every connection after what is queued for it.
  void close_all(CloseCode code, std::string_view reason);
  /// Cuts what is left and stops watching.
  void stop();
  /// Connections whose descriptor is still open.
  std::size_t size() const;

 private:
  std::shared_ptr<WebSocketCore> core_;  // shared with the waits under way on the reactor
};

}  // namespace concord::net
