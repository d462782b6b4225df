#include "link/connection.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "base/circuit_breaker.h"
#include "base/varint.h"
#include "link/core.h"

namespace concord::link {
namespace {

constexpr std::size_t kGatheredBytes = 64u << 10u;     // encrypted in one go: four records
constexpr std::size_t kMostUnsentBytes = 256u << 10u;  // encrypted ahead of what the kernel has taken
constexpr std::size_t kFlushedBytes = 1u << 20u;       // in one turn
constexpr std::size_t kReportBytes = 32u << 10u;       // consumed: so much is told at once
constexpr std::size_t kReportsInFrame = 1024;

std::int64_t ns(std::int64_t ms) { return ms * 1'000'000; }

/// At most kMaxReasonBytes of it, whole characters; what is not UTF-8 is left out.
std::string_view cut(std::string_view reason) {
  if (!is_valid_utf8(reason)) return {};
  if (reason.size() <= kMaxReasonBytes) return reason;
  std::size_t size = kMaxReasonBytes;
  while ((static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80U) --size;
  return reason.substr(0, size);
}

}  // namespace

struct Connection::Watch {
  Watch(asio::io_context& context, int fd) : descriptor(context, fd) {}
  ~Watch() { descriptor.release(); }  // the wire's to close
  asio::posix::stream_descriptor descriptor;
};

Connection::Connection(LinkCore& core, Peer peer, std::uint32_t lane, std::shared_ptr<CircuitBreaker> breaker)
    : core_(core),
      peer_(std::move(peer)),
      lane_(lane),
      breaker_(std::move(breaker)),
      reader_(core.shared().options.max_message_bytes),
      since_ns_(core.now_ns()),
      used_ns_(since_ns_) {
  Bytes first;
  if (is_opener()) {
    put_hello(first, lane_);
  } else {
    put_welcome(first);
  }
  queue_.push_frame(std::move(first));
}

Connection::~Connection() = default;

bool Connection::full() const { return streams_.size() >= core_.shared().options.max_streams; }

LinkStream& Connection::open(const Opening& opening, std::shared_ptr<StreamHandler> handler) {
  const std::uint32_t number = ++last_opened_;
  auto& stream = streams_[number];
  stream = std::make_unique<LinkStream>(this, number, std::move(handler));
  core_.shared().metrics.streams.add(1);
  Bytes frame;
  put_open(frame, number, opening.kind, opening.payload);
  LinkStream& made = *stream;
  queue_frame(frame);
  made.last = queue_.last();
  return made;
}

void Connection::attach(std::unique_ptr<Wire> wire) {
  wire_ = std::move(wire);
  watch_ = std::make_unique<Watch>(core_.reactor().context(), wire_->fd());
  phase_ = is_opener() ? Phase::kGreeting : Phase::kOpen;
  since_ns_ = heard_ns_ = pinged_ns_ = core_.now_ns();
  core_.mark_dirty(*this);
  if (decrypt()) watch_read();  // what came with the handshake
}

void Connection::watch_read() {
  watch_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error || self->phase_ == Phase::kGone) return;
                                  self->read();
                                  if (self->phase_ != Phase::kGone) self->watch_read();
                                });
}

void Connection::watch_write() {
  writing_ = true;
  watch_->descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                                [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error || self->phase_ == Phase::kGone) return;
                                  self->writing_ = false;
                                  self->core_.mark_dirty(*self);
                                });
}

void Connection::send(LinkStream& stream, SharedBytes message) {
  const LinkOptions& options = core_.shared().options;
  const std::size_t size = message->size();
  if (size > options.max_message_bytes) {
    return end(stream, kTooLarge,
               "a message of " + std::to_string(size) + " bytes, at most " + std::to_string(options.max_message_bytes));
  }
  if (stream.unacknowledged > 0 && stream.unacknowledged + size > options.max_stream_bytes) {
    core_.shared().metrics.slow_streams.add();
    return end(stream, kTooSlow, "over " + std::to_string(options.max_stream_bytes) + " bytes are on their way");
  }
  if (!queue_.empty() && queue_.bytes() + size > options.max_connection_bytes)
    return lost("over " + std::to_string(options.max_connection_bytes) + " bytes wait to be sent");
  const OutQueue::Position before = queue_.last();
  stream.unacknowledged += size;
  stream.last = queue_.push_message(stream.number(), stream.last, std::move(message));
  ++core_.counts.messages_sent;
  if (stream.last <= before) ++core_.counts.joined;
  if (!writing_) core_.mark_dirty(*this);
}

void Connection::end(LinkStream& stream, std::uint16_t code, std::string_view reason) {
  const std::string_view said = cut(reason);
  Bytes frame;
  put_end(frame, stream.number(), code, said);
  take_ended(stream, code, said);
  queue_frame(frame);
}

/// The stream leaves the connection; its on_end follows.
void Connection::take_ended(LinkStream& stream, std::uint16_t code, std::string_view reason) {
  stream.detach(code, reason);
  auto taken = streams_.extract(stream.number());
  core_.shared().metrics.streams.add(-1);
  core_.ended(std::move(taken.mapped()));
  if (streams_.empty()) used_ns_ = core_.now_ns();
}

void Connection::consumed(LinkStream& stream, std::size_t bytes) {
  if (stream.unreported == 0) unreported_.push_back(stream.number());
  stream.unreported += static_cast<std::uint32_t>(bytes);
  unreported_bytes_ += bytes;
  if (unreported_bytes_ >= kReportBytes) {
    report_consumed();
  } else {
    core_.report_consumed_soon();
  }
}

void Connection::report_consumed() {
  if (unreported_.empty() || phase_ == Phase::kGone) return;
  report_due_ = true;
  if (!writing_) core_.mark_dirty(*this);
}

void Connection::put_consumed_frames() {
  report_due_ = false;
  unreported_bytes_ = 0;
  std::vector<Consumed> consumed;
  for (const std::uint32_t number : unreported_) {
    LinkStream* stream = find(number);
    if (stream == nullptr) continue;
    consumed.push_back({.stream = number, .bytes = std::exchange(stream->unreported, 0)});
  }
  unreported_.clear();
  for (std::span<const Consumed> rest(consumed); !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kReportsInFrame));
    rest = rest.subspan(part.size());
    Bytes frame;
    link::put_consumed(frame, part);
    queue_.push_frame(std::move(frame));
  }
}

void Connection::queue_frame(const Bytes& frame) {
  if (phase_ == Phase::kGone) return;
  if (queue_.bytes() > core_.shared().options.max_connection_bytes) return lost("too much waits to be sent");
  queue_.push_frame(frame);
  if (!writing_) core_.mark_dirty(*this);
}

void Connection::flush() {
  if (!wire_ || writing_ || finished_ || phase_ == Phase::kGone) return;
  if (report_due_) put_consumed_frames();
  std::size_t taken = 0;
  while (!queue_.empty() || wire_->unsent_bytes() > 0) {
    if (taken > kFlushedBytes) return core_.mark_dirty(*this);  // others come first
    while (!queue_.empty() && wire_->unsent_bytes() < kMostUnsentBytes) {
      core_.gathered.clear();
      queue_.take(core_.gathered, kGatheredBytes);
      taken += core_.gathered.size();
      core_.counts.bytes_sent += core_.gathered.size();
      if (!wire_->encrypt(core_.gathered)) return lost(wire_->reason());
    }
    ++core_.counts.writes;
    const Wire::Status status = wire_->flush();
    if (status == Wire::Status::kFailed) return lost(wire_->reason());
    if (status == Wire::Status::kAgain) return watch_write();
  }
  if (phase_ == Phase::kClosing) {
    finished_ = true;
    wire_->finish();
  }
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ == Phase::kGone || phase_ == Phase::kClosing) return;
  if (phase_ == Phase::kConnecting) return break_off(code, reason);
  while (!streams_.empty() && phase_ != Phase::kGone) end(*streams_.begin()->second, code, reason);
  if (phase_ == Phase::kGone) return;
  phase_ = Phase::kClosing;
  since_ns_ = core_.now_ns();
  core_.retire(*this);
  if (!writing_) core_.mark_dirty(*this);
}

void Connection::lost(std::string_view what) {
  if (phase_ == Phase::kGone) return;
  const bool never_worked = phase_ == Phase::kConnecting || phase_ == Phase::kGreeting;
  if (never_worked) breaker_->failed(core_.now_ns(), core_.shared().random.random64());
  if (phase_ == Phase::kClosing) return break_off(kBroken, what);
  (never_worked ? core_.shared().metrics.failed_attempts : core_.shared().metrics.breaks).add();
  const LogLevel level = core_.shared().may_warn(core_.now_ns()) ? LogLevel::kWarn : LogLevel::kDebug;
  core_.shared().logger.log(level, never_worked ? "a node was not reached" : "a connection to a node broke",
                            {{"node", peer_.node.value},
                             {"address", peer_.address},
                             {"lane", lane_},
                             {"streams", streams_.size()},
                             {"reason", what}});
  break_off(kBroken, what);
}

void Connection::break_off(std::uint16_t code, std::string_view reason) {
  if (phase_ == Phase::kGone) return;
  phase_ = Phase::kGone;
  core_.retire(*this);
  const std::string said(cut(reason));
  while (!streams_.empty()) take_ended(*streams_.begin()->second, code, said);
  core_.gone(*this);
}

void Connection::tick(std::int64_t now_ns) {
  const LinkOptions& options = core_.shared().options;
  const std::int64_t in_phase_ns = now_ns - since_ns_;
  switch (phase_) {
    case Phase::kConnecting:
      if (in_phase_ns > ns(options.connect_timeout_ms)) lost("it did not answer in time");
      return;
    case Phase::kGreeting:
      if (in_phase_ns > ns(options.handshake_timeout_ms)) lost("it did not say welcome in time");
      return;
    case Phase::kClosing:
      if (in_phase_ns > ns(options.handshake_timeout_ms)) break_off(kBroken, "it did not close in time");
      return;
    case Phase::kGone:
      return;
    case Phase::kOpen:
      break;
  }
  // This loop may have stood still itself: what has come meanwhile counts.
  if (now_ns - heard_ns_ > ns(options.silence_ms)) read();
  if (phase_ != Phase::kOpen) return;
  if (now_ns - heard_ns_ > ns(options.silence_ms))
    return lost("nothing was heard of it for " + std::to_string((now_ns - heard_ns_) / 1'000'000) + " ms");
  if (is_opener() && streams_.empty() && queue_.empty() && now_ns - used_ns_ > ns(options.idle_ms))
    return close(kGoingAway, "idle");
  if (now_ns - pinged_ns_ >= ns(options.ping_ms)) {
    pinged_ns_ = now_ns;
    Bytes frame;
    put_ping(frame, static_cast<std::uint64_t>(now_ns));
    queue_frame(frame);
  }
  queue_.shrink();
  wire_->shrink();
}

void Connection::release() {
  watch_.reset();
  wire_.reset();
}

}  // namespace concord::link
