#pragma once
// WebSocket connections (RFC 6455) on plain descriptors: after the HTTP upgrade a connection is a descriptor
// and a small record in its reactor's epoll set. No coroutine, no timer and no buffer belongs to an idle one.
// A frame is encoded once and shared by every receiver; what one loop turn queues for a socket leaves in one
// system call.
//
// Everything here runs on the connection's reactor.

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace concord::net {

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2 };

/// A whole, unmasked server frame: header and payload, immutable, shared by all its receivers.
using Frame = SharedBytes;
Frame make_frame(Opcode opcode, ByteView payload);

/// RFC 6455 section 7.4.1, and this house's own in the private range.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kTooLarge = 1009,
  kInternal = 1011,
  kTryAgainLater = 1013,
  kUnauthenticated = 4401,
  kPermissionDenied = 4403,
  kNotFound = 4404,
  kSlowConsumer = 4408,
  kTooManySessions = 4429,
};

class WebSocket {
 public:
  WebSocket() = default;
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Queues a frame; it leaves at the end of this loop turn. Where others wait and it would pass the queue's
  /// byte limit, the connection is closed with kSlowConsumer. After a close this does nothing.
  virtual void send(Frame frame) = 0;
  /// Sends what is queued, then the close frame; `on_close` follows. At most 123 bytes of reason are sent.
  virtual void close(CloseCode code, std::string_view reason) = 0;
  virtual std::size_t queued_bytes() const = 0;
  /// What the handler hung on this connection.
  void* context() const { return context_; }
  void set_context(void* context) { context_ = context; }

 protected:
  ~WebSocket() = default;

 private:
  void* context_ = nullptr;
};

/// Receives what happens on connections. The WebSocket& stays valid until on_close returns.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  /// `state` is what the Upgrade carried.
  virtual void on_open(WebSocket& socket, std::shared_ptr<void> state) = 0;
  /// A whole message (fragments joined, text checked as UTF-8). The view is valid during the call.
  virtual void on_message(WebSocket& socket, Opcode opcode, ByteView payload) = 0;
  /// All that was queued has left, after the peer had taken no more for a while.
  virtual void on_drained(WebSocket&) {}
  /// Exactly once for each on_open. `code` is the peer's (1005: it gave none), or ours, or 1006: it just broke.
  virtual void on_close(WebSocket& socket, std::uint16_t code) = 0;
};

}  // namespace concord::net
