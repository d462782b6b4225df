#include <algorithm>
#include <optional>

#include "base/circuit_breaker.h"
#include "link/connection.h"
#include "link/core.h"

namespace concord::link {
namespace {

constexpr int kMaxReadsPerTurn = 4;

}  // namespace

/// Handles what was received; false once the connection is gone.
bool Connection::decrypt() {
  for (;;) {
    std::size_t size = 0;
    const Wire::Status status = wire_->decrypt(core_.plain, size);
    if (size > 0 && !consume(ByteView(core_.plain).first(size))) return false;
    if (status == Wire::Status::kAgain) return true;
    if (status == Wire::Status::kEnd) far_ended();
    if (status == Wire::Status::kFailed) lost(wire_->reason());
    if (phase_ == Phase::kGone) return false;
  }
}

void Connection::read() {
  // What is left in the kernel after so many makes the descriptor ready again; others come first.
  bool more = true;
  for (int i = 0; i < kMaxReadsPerTurn && more; ++i) {
    switch (wire_->receive(core_.cipher, more)) {
      case Wire::Status::kDone:
        if (!decrypt()) return;
        break;
      case Wire::Status::kAgain:
        return;
      case Wire::Status::kEnd:
        return far_ended();
      case Wire::Status::kFailed:
        return lost(wire_->reason());
    }
  }
}

void Connection::far_ended() {
  if (phase_ == Phase::kGreeting || !streams_.empty()) return lost("the far side ended the connection");
  break_off(kBroken, "closed");
}

/// False once the connection is gone.
bool Connection::consume(ByteView plain) {
  heard_ns_ = core_.now_ns();
  core_.counts.bytes_received += plain.size();
  while (phase_ != Phase::kGone) {
    auto frame = reader_.next(plain);
    if (!frame) {
      violated(frame.error().message);
    } else if (!*frame) {
      return true;
    } else {
      handle(**frame);
    }
  }
  return false;
}

void Connection::handle(const Frame& frame) {
  if (phase_ == Phase::kGreeting && frame.type != FrameType::kWelcome)
    return violated("it does not begin with welcome");
  switch (frame.type) {
    case FrameType::kMessage:
      return deliver(frame.stream, {.bytes = frame.payload, .number = ++core_.next_message});
    case FrameType::kMany: {
      const Message message{.bytes = frame.payload, .number = ++core_.next_message};
      for (std::size_t i = 0; i < streams_in(frame) && phase_ != Phase::kGone; ++i)
        deliver(stream_at(frame, i), message);
      return;
    }
    case FrameType::kConsumed:
      return handle_consumed(frame);
    case FrameType::kOpen:
      return handle_open(frame);
    case FrameType::kEnd:
      if (LinkStream* stream = find(frame.stream); stream != nullptr) take_ended(*stream, frame.code, frame.text);
      return;
    case FrameType::kPing: {
      Bytes answer;
      put_pong(answer, frame.token);
      return queue_frame(answer);
    }
    case FrameType::kPong:
      if (frame.token == static_cast<std::uint64_t>(pinged_ns_))
        core_.shared().metrics.round_trip.record(static_cast<double>(heard_ns_ - pinged_ns_) / 1e9);
      return;
    case FrameType::kWelcome:
      return welcomed(frame);
    case FrameType::kHello:
      return violated("a second hello");
  }
}

void Connection::welcomed(const Frame& frame) {
  if (phase_ != Phase::kGreeting) {
    if (phase_ != Phase::kClosing) violated("a welcome that nobody waits for");
    return;
  }
  if (frame.version != kVersion)
    return violated("it speaks version " + std::to_string(frame.version) + ", this node " + std::to_string(kVersion));
  breaker_->succeeded();
  phase_ = Phase::kOpen;
  since_ns_ = core_.now_ns();
}

LinkStream* Connection::find(std::uint32_t number) {
  const auto found = streams_.find(number);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Connection::deliver(std::uint32_t number, const Message& message) {
  LinkStream* stream = find(number);
  if (stream == nullptr) {
    if (number == 0 || number > last_opened_) violated("a message for a stream that was never opened");
    return;
  }
  ++core_.counts.messages_received;
  stream->received += message.bytes.size();
  stream->handler->on_message(*stream, message);
}

void Connection::handle_consumed(const Frame& frame) {
  for (std::size_t i = 0; i < consumed_in(frame) && phase_ != Phase::kGone; ++i) {
    const Consumed consumed = consumed_at(frame, i);
    LinkStream* stream = find(consumed.stream);
    if (stream == nullptr) continue;
    if (consumed.bytes == 0 || consumed.bytes > stream->unacknowledged)
      return violated("it consumed " + std::to_string(consumed.bytes) + " bytes, and was sent " +
                      std::to_string(stream->unacknowledged));
    stream->unacknowledged -= consumed.bytes;
    if (stream->unacknowledged == 0) stream->handler->on_credit(*stream);
  }
}

void Connection::handle_open(const Frame& frame) {
  if (is_opener()) return violated("it opens a stream on a connection that it accepted");
  if (frame.stream != last_opened_ + 1 || frame.stream == 0) return violated("streams are not opened in their order");
  last_opened_ = frame.stream;
  const auto turn_down = [&](std::uint16_t code, std::string_view reason) {
    Bytes answer;
    put_end(answer, frame.stream, code, reason);
    queue_frame(answer);
  };
  const Shared& shared = core_.shared();
  if (phase_ != Phase::kOpen || shared.draining.load(std::memory_order_relaxed))
    return turn_down(kGoingAway, "the node is shutting down");
  if (full()) return turn_down(kTooMany, "at most " + std::to_string(shared.options.max_streams) + " streams");
  const auto acceptor = shared.acceptors.find(frame.text);
  if (acceptor == shared.acceptors.end()) return turn_down(kRefused, "nothing here takes such a stream");
  auto& stored = streams_[frame.stream];
  stored = std::make_unique<LinkStream>(this, frame.stream, nullptr);
  LinkStream& stream = *stored;
  core_.shared().metrics.streams.add(1);
  stream.handler = acceptor->second(stream, peer_.node, frame.payload, core_.reactor());
  if (stream.handler == nullptr && !stream.ended()) end(stream, kRefused, "refused");
}

void Connection::violated(std::string_view what) {
  core_.shared().metrics.violations.add();
  lost("it broke the protocol: " + std::string(what));
}

}  // namespace concord::link
