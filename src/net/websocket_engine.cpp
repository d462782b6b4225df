#include "net/websocket_engine.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "net/websocket_core.h"

namespace concord::net {
namespace {

constexpr std::size_t kReadBufferBytes = 128u << 10u;
constexpr std::size_t kTlsRecordBytes = 16u << 10u;
constexpr std::size_t kEventsPerTurn = 1024;
constexpr std::size_t kManySockets = 64;  // to which sending is paced
constexpr std::int64_t kShortWaitNs = 8'000'000;
constexpr std::int64_t kLongestWaitNs = 100'000'000;
constexpr std::size_t kSweepParts = 16;  // a whole pass over the records is spread over so many timer ticks

std::int64_t steady_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// How long many sockets wait, after sending to many took so long.
std::int64_t wait_after(std::int64_t sending_ns) {
  return std::max(std::min(3 * sending_ns, kShortWaitNs), std::min(sending_ns, kLongestWaitNs));
}

}  // namespace

std::uint32_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

struct ConnectionPool::Slab {
  union Cell {
    Cell() {}
    ~Cell() {}
    WebSocketConnection connection;
  };
  std::array<Cell, kSlabCells> cells;
  std::bitset<kSlabCells> live;
};

ConnectionPool::ConnectionPool() = default;

ConnectionPool::~ConnectionPool() {
  for (std::size_t cell = 0; cell < used_; ++cell) {
    if (WebSocketConnection* connection = at(cell); connection != nullptr) std::destroy_at(connection);
  }
}

WebSocketConnection& ConnectionPool::create(WebSocketCore& core, Stream stream,
                                            std::shared_ptr<WebSocketHandler> handler) {
  std::uint32_t cell = 0;
  if (free_.empty()) {
    if (used_ == slabs_.size() * kSlabCells) slabs_.push_back(std::make_unique<Slab>());
    cell = static_cast<std::uint32_t>(used_++);
  } else {
    cell = free_.back();
    free_.pop_back();
  }
  Slab& slab = *slabs_[cell / kSlabCells];
  slab.live.set(cell % kSlabCells);
  ++size_;
  return *std::construct_at(&slab.cells[cell % kSlabCells].connection, core, std::move(stream), std::move(handler),
                            cell);
}

void ConnectionPool::destroy(WebSocketConnection& connection, std::uint32_t cell) {
  std::destroy_at(&connection);
  slabs_[cell / kSlabCells]->live.reset(cell % kSlabCells);
  free_.push_back(cell);
  --size_;
}

WebSocketConnection* ConnectionPool::at(std::size_t cell) {
  Slab& slab = *slabs_[cell / kSlabCells];
  return slab.live.test(cell % kSlabCells) ? &slab.cells[cell % kSlabCells].connection : nullptr;
}

WebSocketMetrics::WebSocketMetrics(Metrics& metrics)
    : connections(metrics.gauge("concord_net_websockets", "Open WebSocket connections.")),
      messages_received(metrics.counter("concord_net_websocket_messages_received_total",
                                        "WebSocket messages received, fragments joined.")),
      bytes_received(metrics.counter("concord_net_websocket_received_bytes_total", "Bytes received on WebSockets.")),
      frames_sent(metrics.counter("concord_net_websocket_frames_sent_total",
                                  "WebSocket frames queued for a receiver, control frames included.")),
      bytes_sent(metrics.counter("concord_net_websocket_sent_bytes_total", "Bytes sent on WebSockets.")),
      writes(metrics.counter("concord_net_websocket_writes_total",
                             "System calls that sent to a WebSocket, with one frame or several.")),
      slow_consumers(metrics.counter("concord_net_websocket_slow_consumers_total",
                                     "WebSockets closed because their queue passed its limit.")),
      violations(metrics.counter("concord_net_websocket_violations_total",
                                 "WebSockets closed because the peer broke RFC 6455 or a limit.")) {}

struct WebSocketCore::Watch {
  explicit Watch(asio::io_context& context) : ready(context), timer(context), flush_timer(context) {}
  asio::posix::stream_descriptor ready;
  asio::steady_timer timer;
  asio::steady_timer flush_timer;
};

WebSocketCore::WebSocketCore(Reactor& reactor, WebSocketOptions options, WebSocketMetrics& metrics,
                             std::move_only_function<void()> on_end)
    : reactor_(reactor),
      options_(options),
      metrics_(metrics),
      on_end_(std::move(on_end)),
      read_buffer_(kReadBufferBytes),
      write_buffer_(kTlsRecordBytes) {}

WebSocketCore::~WebSocketCore() = default;

Result<> WebSocketCore::start() {
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0)
    return fail(Code::kUnavailable, std::string("no epoll descriptor for WebSockets: ") + std::strerror(errno));
  watch_ = std::make_unique<Watch>(reactor_.context());
  watch_->ready.assign(epoll_fd_);
  reactor_.post([self = shared_from_this()] {
    if (self->epoll_fd_ >= 0) self->watch_ready();
  });
  return {};
}

void WebSocketCore::watch_ready() {
  watch_->ready.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& ec) {
                             if (ec || self->epoll_fd_ < 0) return;
                             self->run_turn();
                             if (self->epoll_fd_ >= 0) self->watch_ready();
                           });
}

void WebSocketCore::watch_timer() {
  const std::int64_t pass_ms = std::min(options_.ping_ms, options_.close_timeout_ms) / 4;
  const std::int64_t tick_ms = std::max<std::int64_t>(pass_ms / static_cast<std::int64_t>(kSweepParts), 5);
  timer_running_ = true;
  watch_->timer.expires_after(std::chrono::milliseconds(tick_ms));
  watch_->timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    self->timer_running_ = false;
    if (ec || self->epoll_fd_ < 0) return;
    self->sweep();
    if (self->epoll_fd_ >= 0 && self->pool_.size() > 0) self->watch_timer();
  });
}

void WebSocketCore::run_turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), 0);
  begin_turn();
  for (int i = 0; i < count; ++i) {
    auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t seen = events[static_cast<std::size_t>(i)].events;
    const bool readable = (seen & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 || connection.stream_.is_tls();
    if (connection.phase_ != Phase::kGone && readable) read(connection);
    if (connection.phase_ != Phase::kGone && (seen & EPOLLOUT) != 0) mark_dirty(connection);
  }
  end_turn();
}

void WebSocketCore::begin_turn() {
  now_ms_ = steady_ms();
  ++turn_depth_;
}

void WebSocketCore::end_turn() {
  assert(turn_depth_ > 0);
  if (turn_depth_ > 1) {
    --turn_depth_;
    return;
  }
  while (!dirty_.empty() || !drained_.empty() || !closed_.empty()) {
    flush_dirty();
    report_drained();
    report_closes();
  }
  --turn_depth_;
  free_gone();
  publish_counts();
}

void WebSocketCore::flush_dirty() {
  std::vector<Connection*> batch = std::exchange(dirty_, {});
  if (batch.size() < kManySockets) {
    flush_each(batch);
  } else if (const std::int64_t now_ns = steady_ns(); now_ns >= wait_until_ns_) {
    flush_each(batch);
    const std::int64_t end_ns = steady_ns();
    wait_until_ns_ = end_ns + wait_after(end_ns - now_ns);
  } else {
    if (waiting_.empty()) {
      watch_->flush_timer.expires_after(std::chrono::nanoseconds(wait_until_ns_ - now_ns));
      watch_->flush_timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
        if (!ec && self->epoll_fd_ >= 0) self->flush_waiting();
      });
    }
    waiting_.insert(waiting_.end(), batch.begin(), batch.end());
  }
  if (dirty_.empty()) {  // keep the allocation for the next turn
    batch.clear();
    dirty_.swap(batch);
  }
}

void WebSocketCore::flush_each(std::vector<Connection*>& connections) {
  for (Connection* connection : connections) {
    connection->dirty_ = false;
    if (connection->phase_ != Phase::kGone) flush(*connection);
  }
}

void WebSocketCore::flush_waiting() {
  begin_turn();
  dirty_.insert(dirty_.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  wait_until_ns_ = 0;
  end_turn();
}

void WebSocketCore::post_turn_end() {
  if (turn_end_posted_) return;
  assert(reactor_.is_current());  // where a WebSocket may be used
  turn_end_posted_ = true;
  asio::post(reactor_.context(), [self = shared_from_this()] {
    self->turn_end_posted_ = false;
    self->begin_turn();
    self->end_turn();
  });
}

void WebSocketCore::report_drained() {
  for (Connection* connection : std::exchange(drained_, {})) {
    connection->drained_due_ = false;
    if (connection->phase_ == Phase::kOpen) connection->handler_->on_drained(*connection);
  }
}

void WebSocketCore::report_closes() {
  for (Connection* connection : std::exchange(closed_, {}))
    connection->handler_->on_close(*connection, connection->close_code_);
}

void WebSocketCore::free_gone() {
  for (Connection* connection : std::exchange(gone_, {})) {
    if (connection->dirty_) {  // among those that wait
      gone_.push_back(connection);
      continue;
    }
    connection->stream_.finish();
    connection->stream_.close();
    pool_.destroy(*connection, connection->cell_);
    metrics_.connections.add(-1);
    on_end_();
  }
}

void WebSocketCore::publish_counts() {
  const Counts counts = std::exchange(counts_, {});
  if (counts.messages_received > 0) metrics_.messages_received.add(counts.messages_received);
  if (counts.bytes_received > 0) metrics_.bytes_received.add(counts.bytes_received);
  if (counts.frames_sent > 0) metrics_.frames_sent.add(counts.frames_sent);
  if (counts.bytes_sent > 0) metrics_.bytes_sent.add(counts.bytes_sent);
  if (counts.writes > 0) metrics_.writes.add(counts.writes);
  if (counts.slow_consumers > 0) metrics_.slow_consumers.add(counts.slow_consumers);
  if (counts.violations > 0) metrics_.violations.add(counts.violations);
}

void WebSocketCore::adopt(Handover handover) {
  if (epoll_fd_ < 0) {
    handover.stream.close();
    on_end_();
    return;
  }
  begin_turn();
  Connection& connection = pool_.create(*this, std::move(handover.stream), std::move(handover.handler));
  metrics_.connections.add(1);
  connection.heard_ms_ = now_ms_;
  connection.handler_->on_open(connection, std::move(handover.state));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection.stream_.fd(), &event) != 0) {
    gone(connection, kCloseAbnormal);
  } else {
    consume(connection, handover.already_read);
  }
  if (!timer_running_) watch_timer();
  end_turn();
}

void WebSocketCore::close_all(CloseCode code, std::string_view reason) {
  const auto number = static_cast<std::uint16_t>(code);
  begin_turn();
  for (std::size_t cell = 0; cell < pool_.cells(); ++cell) {
    Connection* connection = pool_.at(cell);
    if (connection != nullptr && connection->phase_ == Phase::kOpen) close(*connection, number, closing(code, reason));
  }
  end_turn();
}

void WebSocketCore::stop() {
  if (epoll_fd_ < 0) return;
  begin_turn();
  for (std::size_t cell = 0; cell < pool_.cells(); ++cell) {
    if (Connection* connection = pool_.at(cell); connection != nullptr) gone(*connection, kCloseAbnormal);
  }
  end_turn();
  flush_waiting();
  epoll_fd_ = -1;
  boost::system::error_code ignored;
  watch_->ready.close(ignored);
  watch_->timer.cancel();
  watch_->flush_timer.cancel();
}

void WebSocketCore::sweep() {
  begin_turn();
  const std::size_t part = (pool_.cells() + kSweepParts - 1) / kSweepParts;
  for (std::size_t i = 0; i < part; ++i) {
    if (sweep_at_ >= pool_.cells()) sweep_at_ = 0;
    if (Connection* connection = pool_.at(sweep_at_++); connection != nullptr) check_silence(*connection);
  }
  end_turn();
}

void WebSocketCore::check_silence(Connection& connection) {
  const auto silent_ms = static_cast<std::int64_t>(now_ms_ - connection.heard_ms_);
  if (connection.phase_ == Phase::kGone) return;
  if (connection.phase_ != Phase::kOpen) {
    if (silent_ms >= options_.close_timeout_ms) gone(connection, connection.close_code_);
    return;
  }
  if (silent_ms >= 2 * options_.ping_ms) return gone(connection, kCloseAbnormal);
  if (silent_ms < options_.ping_ms || connection.pinged_) return;
  connection.pinged_ = true;
  connection.send(ping_);
}

WebSocketEngine::WebSocketEngine(Reactor& reactor, WebSocketOptions options, WebSocketMetrics& metrics,
                                 std::move_only_function<void()> on_end)
    : core_(std::make_shared<WebSocketCore>(reactor, options, metrics, std::move(on_end))) {}
WebSocketEngine::~WebSocketEngine() = default;
Result<> WebSocketEngine::start() { return core_->start(); }
void WebSocketEngine::adopt(Handover handover) { core_->adopt(std::move(handover)); }
void WebSocketEngine::close_all(CloseCode code, std::string_view reason) { core_->close_all(code, reason); }
void WebSocketEngine::stop() { core_->stop(); }
std::size_t WebSocketEngine::size() const { return core_->size(); }

}  // namespace concord::net
