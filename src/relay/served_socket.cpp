#include "relay/served_socket.h"

#include <utility>

namespace concord::relay {

namespace {

class ServedSocket final : public net::WebSocket, public link::StreamHandler {
 public:
  ServedSocket(link::Stream& stream, Taker taker) : stream_(stream), handler_(std::move(taker.handler)) {}

  void send(net::Frame frame) override {
    if (!ended_) stream_.send(std::move(frame));
  }
  void close(net::CloseCode code, std::string_view reason) override {
    if (!std::exchange(ended_, true))
      stream_.end(static_cast<std::uint16_t>(kClosed + static_cast<std::uint16_t>(code)), reason);
  }
  std::size_t queued_bytes() const override { return stream_.unacknowledged_bytes(); }

  void on_message(link::Stream& stream, const link::Message& message) override {
    stream.consumed(message.bytes.size());
    if (ended_) return;
    const std::uint8_t opcode = message.bytes.empty() ? 0 : message.bytes.front();
    if (opcode != static_cast<std::uint8_t>(net::Opcode::kText) &&
        opcode != static_cast<std::uint8_t>(net::Opcode::kBinary))
      return close(net::CloseCode::kInternal, "a node has sent on what is no message");
    handler_->on_message(*this, static_cast<net::Opcode>(opcode), message.bytes.subspan(1));
  }
  void on_credit(link::Stream&) override {
    if (!ended_) handler_->on_drained(*this);
  }
  void on_end(link::Stream&, std::uint16_t code, std::string_view) override {
    constexpr std::uint16_t kBroke = 1006;
    ended_ = true;
    handler_->on_close(*this, code > kClosed ? static_cast<std::uint16_t>(code - kClosed) : kBroke);
  }

 private:
  link::Stream& stream_;
  std::shared_ptr<net::WebSocketHandler> handler_;
  bool ended_ = false;
};

/// Ends without having been anything.
class NotServed final : public link::StreamHandler {
 public:
  void on_message(link::Stream&, const link::Message&) override {}
  void on_end(link::Stream&, std::uint16_t, std::string_view) override {}
};

}  // namespace

void serve_sockets(link::Links& links, std::string kind, const Places& places, Take take) {
  links.accept(std::move(kind),
               [&places, take = std::move(take)](link::Stream& stream, const link::NodeName&, ByteView payload,
                                                 Reactor& reactor) -> std::shared_ptr<link::StreamHandler> {
                 if (payload.size() < sizeof(std::uint32_t)) return nullptr;
                 const engines::ShardId shard{get_le<std::uint32_t>(payload.data())};
                 if (!places.is_here(shard)) {
                   stream.end(kNotHere, "the shard is not served here");
                   return std::make_shared<NotServed>();
                 }
                 auto taker = take(shard, payload.subspan(sizeof(std::uint32_t)), reactor);
                 if (!taker) return nullptr;
                 const auto handler = taker->handler;
                 const auto state = std::move(taker->state);
                 auto socket = std::make_shared<ServedSocket>(stream, std::move(*taker));
                 handler->on_open(*socket, state);
                 return socket;
               });
}

}  // namespace concord::relay
