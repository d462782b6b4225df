#include "relay/far_socket.h"

#include <utility>

namespace concord::relay {

namespace {

constexpr std::size_t kSoonTaken = 64u << 10u;     // what waits for a client that takes what it is sent
constexpr std::size_t kMostOnTheWay = 16u << 20u;  // from one client
constexpr std::uint16_t kLeastCloseCode = 1000;
constexpr std::uint16_t kMostCloseCode = 4999;

}  // namespace

FarSocket::FarSocket(FarSockets& owner, net::WebSocket& client, Ended ended, Sent sent)
    : owner_(owner), client_(&client), ended_(std::move(ended)), sent_(std::move(sent)) {}

bool FarSocket::send(net::Opcode opcode, ByteView payload) {
  if (stream_ == nullptr) return true;  // its end is on the way to the client
  if (stream_->unacknowledged_bytes() > kMostOnTheWay) return false;
  Bytes message;
  message.reserve(payload.size() + 1);
  message.push_back(static_cast<std::uint8_t>(opcode));
  append(message, payload);
  stream_->send(std::make_shared<const Bytes>(std::move(message)));
  return true;
}

void FarSocket::close(std::uint16_t code) {
  client_ = nullptr;
  owner_.credits_.forget(*this);
  if (stream_ != nullptr) stream_->end(static_cast<std::uint16_t>(kClosed + code), "");
}

void FarSocket::on_message(link::Stream& stream, const link::Message& message) {
  if (client_ == nullptr) return stream.consumed(message.bytes.size());
  owed_ += message.bytes.size();
  client_->send(owner_.frame_of(message));
  if (sent_) sent_();
  if (client_ == nullptr) return;
  if (!settle()) owner_.credits_.owes(*this);
}

bool FarSocket::settle() {
  if (client_ != nullptr && client_->queued_bytes() > kSoonTaken) return false;
  if (stream_ != nullptr && owed_ > 0) stream_->consumed(std::exchange(owed_, 0));
  return true;
}

void FarSocket::drained() {
  if (settle()) owner_.credits_.forget(*this);
}

void FarSocket::on_end(link::Stream&, std::uint16_t code, std::string_view reason) {
  stream_ = nullptr;
  owner_.credits_.forget(*this);
  if (client_ == nullptr) return;
  client_ = nullptr;
  const bool closed = code >= kClosed + kLeastCloseCode && code <= kClosed + kMostCloseCode;
  Ended ended = std::exchange(ended_, {});
  if (closed) {
    ended(static_cast<net::CloseCode>(code - kClosed), reason);
  } else {
    ended(net::CloseCode::kTryAgainLater, "the document moves; connect again");
  }
}

FarSockets::FarSockets(link::Links& links, Reactor& reactor, const Places& places)
    : links_(links), reactor_(reactor), places_(places), credits_(reactor) {}

std::shared_ptr<FarSocket> FarSockets::open(std::string_view kind, engines::ShardId shard, ByteView opening,
                                            net::WebSocket& client, FarSocket::Ended ended, FarSocket::Sent sent) {
  const auto peer = places_.elsewhere(shard);
  if (!peer) return nullptr;
  auto socket = std::make_shared<FarSocket>(*this, client, std::move(ended), std::move(sent));
  Bytes payload;
  put_le(payload, shard.value);
  append(payload, opening);
  socket->stream_ = &links_.open(reactor_, *peer, {std::string(kind), shard.value, std::move(payload)}, socket);
  return socket;
}

/// One of many receivers' frames is made once.
net::Frame FarSockets::frame_of(const link::Message& message) {
  if (message.number == 0) return std::make_shared<const Bytes>(to_bytes(message.bytes));
  if (std::exchange(frame_number_, message.number) != message.number)
    frame_ = std::make_shared<const Bytes>(to_bytes(message.bytes));
  return frame_;
}

void FarHandler::on_open(net::WebSocket& socket, std::shared_ptr<void> state) {
  const auto request = std::static_pointer_cast<FarRequest>(state);
  auto far = sockets_.open(request->kind, request->shard, request->opening, socket,
                           [&socket](net::CloseCode code, std::string_view reason) { socket.close(code, reason); });
  if (far) {
    open_.emplace(&socket, std::move(far));
  } else {
    socket.close(net::CloseCode::kTryAgainLater, "nobody serves the document at present; connect again");
  }
}

void FarHandler::on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  const auto found = open_.find(&socket);
  if (found != open_.end() && !found->second->send(opcode, payload))
    socket.close(net::CloseCode::kTryAgainLater, "too much at once; slow down");
}

void FarHandler::on_drained(net::WebSocket& socket) {
  if (const auto found = open_.find(&socket); found != open_.end()) found->second->drained();
}

void FarHandler::on_close(net::WebSocket& socket, std::uint16_t code) {
  const auto found = open_.find(&socket);
  if (found == open_.end()) return;
  found->second->close(code);
  open_.erase(found);
}

}  // namespace concord::relay
