#include "net/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "base/async.h"
#include "net/http_connection.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/websocket_engine.h"

namespace concord::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr std::int64_t kAcceptPauseMs = 100;  // where the process has no descriptor left
constexpr std::size_t kMaxRefusing = 64;      // connections over the limit that get a 503; the rest is just closed
constexpr std::int64_t kDrainPollMs = 5;

std::int64_t deadline_tick_ms(const ServerOptions& options) {
  const std::int64_t least =
      std::min({options.header_timeout_ms, options.body_timeout_ms, options.keep_alive_timeout_ms});
  return std::clamp<std::int64_t>(least / 4, 5, 250);
}

WebSocketOptions websocket_options(const ServerOptions& options, Reconnects* reconnects) {
  WebSocketOptions result;
  result.max_message_bytes = options.max_frame_bytes;
  result.max_queue_bytes = options.max_queue_bytes;
  result.ping_ms = options.websocket_ping_ms;
  result.close_timeout_ms = options.websocket_close_timeout_ms;
  result.reconnects = reconnects;
  return result;
}

/// What a server has on one reactor.
struct Lane {
  Lane(Reactor& r, HttpShared& shared, WebSocketMetrics& metrics, Reconnects* reconnects)
      : reactor(r),
        http(r, shared),
        engine(r, websocket_options(shared.options, reconnects), metrics,
               [&shared] { shared.open_connections.fetch_sub(1, std::memory_order_relaxed); }),
        scope(r) {}

  Reactor& reactor;
  HttpConnections http;
  WebSocketEngine engine;
  TaskScope scope;
  std::optional<asio::posix::stream_descriptor> listener;
};

}  // namespace

struct Server::State {
  State(ServerOptions o, Reactors& r, RequestHandler& handler, Logger l, Metrics& metrics, ConnectionPolicy* p,
        Reconnects* come_back)
      : options(std::move(o)),
        reactors(r),
        logger(std::move(l)),
        policy(p),
        reconnects(come_back),
        http_metrics(metrics),
        websocket_metrics(metrics),
        shared{options, handler, logger, http_metrics,
               nullptr, {},      {},     come_back != nullptr ? come_back->open() : own_open_connections,
               {}} {}

  Result<> start();
  Result<> load_tls();
  asio::awaitable<void> accept_loop(Lane& lane);
  asio::awaitable<void> watch_deadlines(Lane& lane);
  void accepted(Lane& lane, int fd, const sockaddr_storage& address);
  void hand_over(Reactor& reactor, Handover handover);
  void begin_drain(Lane& lane);
  Task<> end_http(Lane& lane);
  Task<> end_websockets(Lane& lane);

  const ServerOptions options;
  Reactors& reactors;
  Logger logger;
  ConnectionPolicy* const policy;
  Reconnects* const reconnects;
  std::atomic<std::size_t> own_open_connections = 0;  // where `reconnects` does not have them
  HttpMetrics http_metrics;
  WebSocketMetrics websocket_metrics;
  TlsSlot tls;
  HttpShared shared;
  std::vector<std::unique_ptr<Lane>> lanes;  // by the index of their reactor
  std::uint16_t port = 0;
  bool started = false;
};

Result<> Server::State::load_tls() {
  TRY(auto context, TlsContext::load(options.tls_certificate_file, options.tls_key_file));
  tls.set(std::move(context));
  return {};
}

Result<> Server::State::start() {
  if (!options.tls_certificate_file.empty()) {
    TRY_VOID(load_tls());
    shared.tls = &tls;
  }
  shared.hand_over = [this](Reactor& reactor, Handover handover) { hand_over(reactor, std::move(handover)); };
  TRY(Listeners listening, listen_on(options.host, options.port, reactors.size()));
  port = listening.port;
  for (std::size_t i = 0; i < reactors.size(); ++i) {
    auto lane = std::make_unique<Lane>(reactors.at(i), shared, websocket_metrics, reconnects);
    TRY_VOID(lane->engine.start());
    lanes.push_back(std::move(lane));
  }
  started = true;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane& lane = *lanes[i];
    lane.reactor.post([this, &lane, fd = listening.take(i)] {
      lane.listener.emplace(lane.reactor.context(), fd);
      lane.scope.spawn(accept_loop(lane));
      lane.scope.spawn(watch_deadlines(lane));
    });
  }
  logger.info("listening", {{"host", options.host}, {"port", port}, {"tls", shared.tls != nullptr}});
  return {};
}

asio::awaitable<void> Server::State::accept_loop(Lane& lane) {
  while (lane.listener) {
    bool pause = false;
    for (int i = 0; i < kAcceptsPerTurn && lane.listener; ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd = ::accept4(lane.listener->native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        accepted(lane, fd, address);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        logger.warn("cannot accept a connection", {{"error", std::strerror(errno)}});
        pause = true;
        break;
      }
    }
    if (pause) {
      (void)co_await sleep_ms(kAcceptPauseMs);
      continue;
    }
    if (!lane.listener) break;
    co_await lane.listener->async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  }
}

void Server::State::accepted(Lane& lane, int fd, const sockaddr_storage& address) {
  const std::string from = format_address(address);
  std::unique_ptr<ConnectionTicket> ticket;
  if (policy != nullptr && !(ticket = policy->admit(from))) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};  // by a reset, which leaves nothing behind in the kernel
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd);
    return;
  }
  Stream stream(fd, std::move(ticket));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::size_t open = shared.open_connections.fetch_add(1, std::memory_order_relaxed);
  const bool over_limit = open >= options.max_connections;
  if (over_limit && open >= options.max_connections + kMaxRefusing) {
    shared.open_connections.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  lane.scope.spawn(lane.http.serve(std::move(stream), from, over_limit));
}

asio::awaitable<void> Server::State::watch_deadlines(Lane& lane) {
  const std::int64_t tick_ms = deadline_tick_ms(options);
  while (co_await sleep_ms(tick_ms)) lane.http.wake_expired();
}

void Server::State::hand_over(Reactor& reactor, Handover handover) {
  Lane& lane = *lanes[reactor.index()];
  lane.reactor.post([this, &lane, moved = std::move(handover)]() mutable {
    lane.engine.adopt(std::move(moved));
    if (shared.draining.load(std::memory_order_relaxed))
      lane.engine.close_all(CloseCode::kGoingAway, "the hub is going away");
  });
}

void Server::State::begin_drain(Lane& lane) {
  if (lane.listener) {
    lane.listener->cancel();
    lane.listener.reset();
  }
  lane.http.wake_expired();
  lane.engine.close_all(CloseCode::kGoingAway, "the hub is going away");
}

Task<> Server::State::end_http(Lane& lane) {
  lane.http.cut();
  co_await lane.scope.close();
  co_return Result<>{};
}

Task<> Server::State::end_websockets(Lane& lane) {
  lane.engine.stop();
  co_return Result<>{};
}

Server::Server(ServerOptions options, Reactors& reactors, RequestHandler& handler, Logger logger, Metrics& metrics,
               ConnectionPolicy* policy, Reconnects* reconnects)
    : state_(std::make_unique<State>(std::move(options), reactors, handler, std::move(logger), metrics, policy,
                                     reconnects)) {}
Server::~Server() = default;

Result<> Server::start() { return state_->start(); }

Result<> Server::reload_tls() {
  if (state_->shared.tls == nullptr) return {};
  return state_->load_tls();
}

std::uint16_t Server::port() const { return state_->port; }

asio::awaitable<void> Server::drain(std::int64_t deadline_ms) {
  State& state = *state_;
  if (!state.started) co_return;
  state.started = false;
  state.shared.draining.store(true);
  for (const auto& lane : state.lanes) lane->reactor.post([&state, &l = *lane] { state.begin_drain(l); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  while (state.shared.open_connections.load() > 0 && std::chrono::steady_clock::now() < deadline) {
    if (!co_await sleep_ms(kDrainPollMs)) break;
  }
  if (const std::size_t left = state.shared.open_connections.load(); left > 0)
    state.logger.warn("connections cut at the drain's deadline", {{"connections", left}});
  // A connection may still be on its way from one reactor to another: every lane's HTTP ends before any engine does.
  for (const auto& lane : state.lanes) (void)co_await run_on(lane->reactor, state.end_http(*lane));
  for (const auto& lane : state.lanes) (void)co_await run_on(lane->reactor, state.end_websockets(*lane));
}

}  // namespace concord::net
