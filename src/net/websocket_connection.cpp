#include "net/websocket_connection.h"

#include <sys/epoll.h>

#include <algorithm>

#include "net/websocket_core.h"

namespace concord::net {
namespace {

constexpr std::size_t kMaxSpareOutboxes = 4096;
constexpr std::size_t kMaxSpareFrames = 64;
constexpr int kMaxReadsPerTurn = 8;

std::uint16_t number(CloseCode code) { return static_cast<std::uint16_t>(code); }

}  // namespace

void Outbox::push(Frame frame) {
  bytes += frame->size();
  frames.push_back(std::move(frame));
}

std::size_t Outbox::gather(std::array<iovec, kMaxParts>& parts, std::size_t& total) const {
  std::size_t count = 0;
  std::size_t skip = offset;
  for (std::size_t i = first; i < frames.size() && count < kMaxParts; ++i, ++count) {
    const Bytes& frame = *frames[i];
    parts[count] = {const_cast<std::uint8_t*>(frame.data()) + skip, frame.size() - skip};
    total += frame.size() - skip;
    skip = 0;
  }
  return count;
}

void Outbox::pop(std::size_t sent) {
  bytes -= sent;
  committed -= std::min(committed, sent);
  while (sent > 0) {
    const std::size_t left = frames[first]->size() - offset;
    if (sent < left) {
      offset += sent;
      return;
    }
    sent -= left;
    offset = 0;
    frames[first++].reset();
  }
  if (first > kMaxParts && first * 2 > frames.size()) {
    frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(first));
    first = 0;
  }
}

void Outbox::drop_unsent() {
  std::size_t kept_bytes = 0;
  std::size_t end = first;
  std::size_t skip = offset;
  while (end < frames.size() && (skip > 0 || kept_bytes < committed)) {
    kept_bytes += frames[end]->size() - skip;
    skip = 0;
    ++end;
  }
  frames.resize(end);
  bytes = kept_bytes;
}

void Outbox::reset() {
  frames.clear();
  if (frames.capacity() > kMaxSpareFrames) std::vector<Frame>().swap(frames);
  first = offset = bytes = committed = 0;
}

void WebSocketConnection::send(Frame frame) {
  if (phase_ != Phase::kOpen) return;
  const std::size_t limit = core_.options_.max_queue_bytes;
  const auto over_limit = [&] { return queued_bytes() > 0 && queued_bytes() + frame->size() > limit; };
  if (over_limit()) {
    // What the kernel takes now does not count, and a frame alone may be larger than the limit.
    if (!watching_write_) core_.flush(*this);
    if (phase_ != Phase::kOpen) return;
    if (over_limit()) return core_.close_slow(*this);
  }
  core_.enqueue(*this, std::move(frame));
}

void WebSocketConnection::close(CloseCode code, std::string_view reason) {
  if (phase_ == Phase::kOpen) core_.close(*this, number(code), core_.closing(code, reason));
}

Frame WebSocketCore::closing(CloseCode code, std::string_view reason) const {
  if (options_.reconnects == nullptr) return make_close_frame(number(code), reason);
  return make_close_frame(number(code), options_.reconnects->with_hint(code, reason));
}

void WebSocketCore::read(Connection& connection) {
  for (int i = 0; i < kMaxReadsPerTurn; ++i) {
    const IoResult result = connection.stream_.read(read_buffer_);
    switch (result.status) {
      case IoStatus::kDone:
        if (connection.phase_ == Phase::kOpen) connection.heard_ms_ = now_ms_;
        connection.pinged_ = false;
        counts_.bytes_received += result.bytes;
        consume(connection, {read_buffer_.data(), result.bytes});
        // What is left in the kernel makes the descriptor ready again; other sockets come first.
        if (connection.phase_ == Phase::kGone || !connection.stream_.is_tls()) return;
        break;
      case IoStatus::kWantRead:
        return;
      case IoStatus::kWantWrite:
        return watch_write(connection, true);
      case IoStatus::kEnd:
      case IoStatus::kFailed:
        return gone(connection, kCloseAbnormal);
    }
  }
}

void WebSocketCore::consume(Connection& connection, std::span<std::uint8_t> data) {
  using Kind = FrameDecoder::Kind;
  while (connection.phase_ == Phase::kOpen || connection.phase_ == Phase::kClosing) {
    const auto event = connection.decoder_.next(data, options_.max_message_bytes);
    switch (event.kind) {
      case Kind::kNeedMore:
        return;
      case Kind::kMessage:
        ++counts_.messages_received;
        if (connection.phase_ == Phase::kOpen) connection.handler_->on_message(connection, event.opcode, event.payload);
        break;
      case Kind::kPing:
        if (connection.phase_ == Phase::kOpen) connection.send(make_pong_frame(event.payload));
        break;
      case Kind::kPong:
        break;
      case Kind::kClose:
        return answer_close(connection, event);
      case Kind::kViolation:
        ++counts_.violations;
        return refuse(connection, event.code, event.detail);
    }
  }
}

void WebSocketCore::answer_close(Connection& connection, const FrameDecoder::Event& event) {
  if (connection.phase_ == Phase::kOpen) enqueue(connection, make_close_frame(event.code, {}));
  begin_close(connection, Phase::kAnswering, event.code);
  mark_dirty(connection);  // ends when nothing is left to send
}

void WebSocketCore::refuse(Connection& connection, std::uint16_t code, std::string_view detail) {
  if (connection.phase_ == Phase::kOpen) enqueue(connection, make_close_frame(code, detail));
  begin_close(connection, Phase::kDiscarding, code);
  connection.decoder_ = FrameDecoder();
  mark_dirty(connection);
}

void WebSocketCore::enqueue(Connection& connection, Frame frame) {
  if (!connection.outbox_ && !connection.single_) {
    connection.single_ = std::move(frame);
  } else {
    spill(connection);
    connection.outbox_->push(std::move(frame));
  }
  ++counts_.frames_sent;
  if (!connection.watching_write_) mark_dirty(connection);
}

void WebSocketCore::spill(Connection& connection) {
  if (!connection.outbox_) connection.outbox_ = take_outbox();
  if (connection.single_) connection.outbox_->push(std::move(connection.single_));
}

void WebSocketCore::close(Connection& connection, std::uint16_t code, Frame frame) {
  enqueue(connection, std::move(frame));
  begin_close(connection, Phase::kClosing, code);
}

void WebSocketCore::close_slow(Connection& connection) {
  ++counts_.slow_consumers;
  connection.single_.reset();
  if (connection.outbox_) connection.outbox_->drop_unsent();
  connection.close(CloseCode::kSlowConsumer, "too slow");
}

void WebSocketCore::begin_close(Connection& connection, Phase phase, std::uint16_t code) {
  connection.phase_ = phase;
  if (connection.close_due_) return;
  connection.close_due_ = true;
  connection.close_code_ = code;
  connection.heard_ms_ = steady_ms();
  closed_.push_back(&connection);
  if (turn_depth_ == 0) post_turn_end();
}

void WebSocketCore::flush(Connection& connection) {
  if (connection.single_) {
    const Bytes& frame = *connection.single_;
    const iovec part{const_cast<std::uint8_t*>(frame.data()), frame.size()};
    const IoResult result = connection.stream_.write({&part, 1}, write_buffer_);
    ++counts_.writes;
    if (result.bytes == frame.size()) {
      counts_.bytes_sent += result.bytes;
      connection.single_.reset();
    } else {
      spill(connection);
      if (account(connection, result, part.iov_len)) return;
    }
  }
  while (connection.outbox_ && connection.outbox_->bytes > 0) {
    std::array<iovec, Outbox::kMaxParts> parts;
    std::size_t total = 0;
    const std::size_t count = connection.outbox_->gather(parts, total);
    ++counts_.writes;
    if (account(connection, connection.stream_.write({parts.data(), count}, write_buffer_), total)) return;
  }
  after_flush(connection);
}

/// Takes from the outbox what a write of `offered` bytes has sent. True where no more can be sent now.
bool WebSocketCore::account(Connection& connection, const IoResult& result, std::size_t offered) {
  if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) {
    gone(connection, kCloseAbnormal);
    return true;
  }
  connection.outbox_->committed = result.committed;
  connection.outbox_->pop(result.bytes);
  counts_.bytes_sent += result.bytes;
  const bool full = result.status != IoStatus::kDone || (!connection.stream_.is_tls() && result.bytes < offered);
  if (full) watch_write(connection, true);
  return full;
}

void WebSocketCore::after_flush(Connection& connection) {
  if (connection.outbox_) give_back(std::move(connection.outbox_));
  if (connection.watching_write_ && !connection.drained_due_ && connection.phase_ == Phase::kOpen) {
    connection.drained_due_ = true;
    drained_.push_back(&connection);
    if (turn_depth_ == 0) post_turn_end();
  }
  watch_write(connection, false);
  if (connection.phase_ == Phase::kAnswering) return gone(connection, connection.close_code_);
  if (connection.phase_ == Phase::kDiscarding && !connection.finished_) {
    connection.finished_ = true;
    connection.stream_.finish();
  }
}

void WebSocketCore::watch_write(Connection& connection, bool wanted) {
  if (connection.watching_write_ == wanted) return;
  connection.watching_write_ = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, connection.stream_.fd(), &event) != 0) gone(connection, kCloseAbnormal);
}

void WebSocketCore::gone(Connection& connection, std::uint16_t code) {
  if (connection.phase_ == Phase::kGone) return;
  begin_close(connection, Phase::kGone, code);
  gone_.push_back(&connection);
}

void WebSocketCore::mark_dirty(Connection& connection) {
  if (connection.dirty_) return;
  connection.dirty_ = true;
  dirty_.push_back(&connection);
  if (turn_depth_ == 0) post_turn_end();
}

std::unique_ptr<Outbox> WebSocketCore::take_outbox() {
  if (spare_outboxes_.empty()) return std::make_unique<Outbox>();
  auto outbox = std::move(spare_outboxes_.back());
  spare_outboxes_.pop_back();
  return outbox;
}

void WebSocketCore::give_back(std::unique_ptr<Outbox> outbox) {
  if (spare_outboxes_.size() == kMaxSpareOutboxes) return;
  outbox->reset();
  spare_outboxes_.push_back(std::move(outbox));
}

}  // namespace concord::net
