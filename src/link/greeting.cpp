#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "link/core.h"
#include "link/dial.h"
#include "net/listener.h"

namespace concord::link {
namespace {

constexpr std::size_t kMaxGreeting = 128;  // of a reactor
constexpr std::int64_t kAcceptPauseMs = 50;
constexpr std::int64_t kLogStrangersNs = 1'000'000'000;

Deadline in_ms(std::int64_t ms) { return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms); }

}  // namespace

void LinkCore::start(int listener) {
  reactor_.post([self = shared_from_this(), listener] {
    if (self->stopped_) {
      ::close(listener);
    } else {
      self->scope_.spawn(self->accept_loop(listener));
    }
  });
}

asio::awaitable<void> LinkCore::accept_loop(int descriptor) {
  asio::posix::stream_descriptor listener(reactor_.context(), descriptor);
  while (!stopped_ && !shared_.draining.load(std::memory_order_relaxed)) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(descriptor, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted(fd, net::format_address(address));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const auto [error] =
          co_await listener.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      shared_.logger.warn("cannot accept a connection of a node", {{"error", std::strerror(errno)}});
      if (!co_await sleep_ms(kAcceptPauseMs)) co_return;
    }
  }
}

void LinkCore::accepted(int fd, const std::string& from) {
  if (greeting_ >= kMaxGreeting ||
      shared_.accepted.fetch_add(1, std::memory_order_relaxed) >= shared_.options.max_connections) {
    if (greeting_ < kMaxGreeting) shared_.accepted.fetch_sub(1, std::memory_order_relaxed);
    ::close(fd);
    return refused(from, "too many connections");
  }
  ++greeting_;
  scope_.spawn(greet(fd, from));
}

asio::awaitable<void> LinkCore::greet(int fd, std::string from) {
  auto greeted = co_await link::greet(reactor_, fd, shared_.identity(), in_ms(shared_.options.handshake_timeout_ms));
  --greeting_;
  if (!greeted) {
    shared_.accepted.fetch_sub(1, std::memory_order_relaxed);
    refused(from, greeted.error().message);
    co_return;
  }
  // From here on it is the reactor's on which its lane is served.
  const std::shared_ptr<LinkCore>& core = cores_[greeted->lane % cores_.size()];
  core->reactor().post([core, made = std::move(*greeted)]() mutable {
    core->adopt(std::move(made.wire), std::move(made.from), made.lane);
  });
}

void LinkCore::refused(std::string_view from, std::string_view why) {
  shared_.metrics.refused.add();
  const std::int64_t now = now_ns();
  std::int64_t last = shared_.refusal_logged_ns.load(std::memory_order_relaxed);
  if (last != 0 && now - last < kLogStrangersNs) return;
  if (!shared_.refusal_logged_ns.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
  shared_.logger.warn("a connection to this node was not taken", {{"from", from}, {"reason", why}});
}

asio::awaitable<void> LinkCore::dial(std::shared_ptr<Connection> connection) {
  Backoff backoff(20, 500);
  while (connection->phase() == Connection::Phase::kConnecting) {
    auto wire = co_await link::dial(reactor_, connection->peer(), shared_.identity(),
                                    in_ms(shared_.options.handshake_timeout_ms));
    if (connection->phase() != Connection::Phase::kConnecting) co_return;
    if (wire) {
      connection->attach(std::move(*wire));
      co_return;
    }
    CircuitBreaker& breaker = connection->breaker();
    breaker.failed(now_ns(), shared_.random.random64());
    if (stopped_ || breaker.state() == CircuitBreaker::State::kOpen) {
      connection->lost(wire.error().message);
      co_return;
    }
    shared_.metrics.failed_attempts.add();
    if (!co_await sleep_ms(backoff.next_ms(shared_.random.random64()))) co_return;
  }
}

}  // namespace concord::link
