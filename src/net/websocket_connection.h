#pragma once
// One WebSocket connection: the record that an idle client costs.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/frame.h"
#include "net/stream.h"
#include "net/websocket.h"

namespace concord::net {

class WebSocketCore;

/// Frames that wait to be sent. Exists only while there are several, or a part of one.
struct Outbox {
  static constexpr std::size_t kMaxParts = 64;

  std::vector<Frame> frames;
  std::size_t first = 0;      // those before it are sent
  std::size_t offset = 0;     // of frames[first], already sent
  std::size_t bytes = 0;      // not yet sent
  std::size_t committed = 0;  // of these, in a TLS record that waits for the kernel: must go first, unchanged

  void push(Frame frame);
  std::size_t gather(std::array<iovec, kMaxParts>& parts, std::size_t& total) const;
  void pop(std::size_t sent);
  /// Drops every frame of which nothing has been sent.
  void drop_unsent();
  void reset();
};

class WebSocketConnection final : public WebSocket {
 public:
  enum class Phase : std::uint8_t {
    kOpen,
    kClosing,     // our close frame is queued; waits for the peer's
    kAnswering,   // the peer's close frame is answered; ends when the answer is sent
    kDiscarding,  // the peer broke the protocol; what it sends is thrown away until it ends
    kGone,
  };

  WebSocketConnection(WebSocketCore& core, Stream stream, std::shared_ptr<WebSocketHandler> handler, std::uint32_t cell)
      : core_(core), stream_(std::move(stream)), handler_(std::move(handler)), cell_(cell) {}

  void send(Frame frame) override;
  void close(CloseCode code, std::string_view reason) override;
  std::size_t queued_bytes() const override {
    if (single_) return single_->size();
    return outbox_ ? outbox_->bytes : 0;
  }

 private:
  friend class WebSocketCore;

  WebSocketCore& core_;
  Stream stream_;
  FrameDecoder decoder_;
  Frame single_;  // the only frame queued: a fan-out touches nothing but the record
  std::unique_ptr<Outbox> outbox_;
  std::shared_ptr<WebSocketHandler> handler_;  // shared by all connections of a route
  std::uint32_t heard_ms_ = 0;                 // when the peer was last heard; when closing began, after that
  std::uint32_t cell_;
  std::uint16_t close_code_ = 0;
  Phase phase_ = Phase::kOpen;
  bool dirty_ : 1 = false;  // in the core's list of sockets to flush
  bool watching_write_ : 1 = false;
  bool drained_due_ : 1 = false;  // on_drained is owed
  bool pinged_ : 1 = false;
  bool close_due_ : 1 = false;  // on_close is owed or has been called
  bool finished_ : 1 = false;   // a FIN has been sent
};

}  // namespace concord::net
