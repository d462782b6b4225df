#include "link/dial.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

#include <netinet/tcp.h>

#include "link/address.h"

namespace concord::link {
namespace {

using asio::ip::tcp;

constexpr std::size_t kHandshakeReadBytes = 16u << 10u;

std::unexpected<Error> unavailable(std::string what) { return fail(Code::kUnavailable, std::move(what)); }

/// Waits on a descriptor, until a deadline for all waits together.
class Waits {
 public:
  Waits(Reactor& reactor, int fd, Deadline deadline) : state_(std::make_shared<State>(reactor.context(), fd)) {
    state_->timer.expires_at(deadline);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (error || state->over) return;
      state->late = true;
      state->descriptor.cancel();
    });
  }
  ~Waits() {
    state_->over = true;
    state_->timer.cancel();
    state_->descriptor.release();
  }
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  Task<> readable() { return until(asio::posix::stream_descriptor::wait_read); }
  Task<> writable() { return until(asio::posix::stream_descriptor::wait_write); }

 private:
  struct State {
    State(asio::io_context& context, int fd) : descriptor(context, fd), timer(context) {}
    asio::posix::stream_descriptor descriptor;
    asio::steady_timer timer;
    bool late = false;
    bool over = false;
  };

  Task<> until(asio::posix::stream_descriptor::wait_type what) {
    const auto state = state_;
    if (state->late) co_return unavailable("it took too long");
    const auto [error] = co_await state->descriptor.async_wait(what, asio::as_tuple(asio::use_awaitable));
    if (state->late) co_return unavailable("it took too long");
    if (error) co_return unavailable(error.message());
    co_return Result<>{};
  }

  std::shared_ptr<State> state_;  // shared with the timer's wait
};

/// Bytes read off a wire in the handshake: each time a buffer that holds until they are decrypted.
Task<> receive_more(Wire& wire, Waits& waits, std::vector<std::uint8_t>& buffer) {
  for (;;) {
    bool filled = false;
    switch (wire.receive(buffer, filled)) {
      case Wire::Status::kDone:
        co_return Result<>{};
      case Wire::Status::kAgain:
        break;
      case Wire::Status::kEnd:
        co_return unavailable("it ended the connection");
      case Wire::Status::kFailed:
        co_return unavailable(wire.reason());
    }
    CO_TRY_VOID(co_await waits.readable());
  }
}

Task<> flush_all(Wire& wire, Waits& waits) {
  for (;;) {
    const Wire::Status status = wire.flush();
    if (status == Wire::Status::kDone) co_return Result<>{};
    if (status == Wire::Status::kFailed) co_return unavailable(wire.reason());
    CO_TRY_VOID(co_await waits.writable());
  }
}

Task<> shake_hands(Wire& wire, Waits& waits, std::vector<std::uint8_t>& buffer) {
  for (;;) {
    const Wire::Status status = wire.handshake();
    const auto flushed = co_await flush_all(wire, waits);  // also what says why it failed
    if (status == Wire::Status::kFailed) co_return unavailable(wire.reason());
    if (!flushed) co_return fail(flushed.error());
    if (status == Wire::Status::kDone) co_return Result<>{};
    CO_TRY_VOID(co_await receive_more(wire, waits, buffer));
  }
}

void hurry(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int take() { return std::exchange(fd, -1); }
  int fd;
};

Task<Descriptor> connect_to(Reactor& reactor, tcp::endpoint endpoint, Deadline deadline) {
  Descriptor socket(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd < 0) co_return unavailable(std::string("no socket: ") + std::strerror(errno));
  hurry(socket.fd);
  if (::connect(socket.fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    if (errno != EINPROGRESS) co_return unavailable(std::strerror(errno));
    Waits waits(reactor, socket.fd, deadline);
    CO_TRY_VOID(co_await waits.writable());
    int reason = 0;
    socklen_t size = sizeof reason;
    ::getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &reason, &size);
    if (reason != 0) co_return unavailable(std::strerror(reason));
  }
  co_return socket;
}

/// What the host of an address stands for. The look-up itself runs on a thread of Boost.Asio's.
Task<std::vector<tcp::endpoint>> resolve(Reactor& reactor, HostPort address, Deadline deadline) {
  boost::system::error_code not_numeric;
  if (const auto numeric = asio::ip::make_address(address.host, not_numeric); !not_numeric)
    co_return std::vector<tcp::endpoint>{{numeric, address.port}};
  struct Lookup {
    explicit Lookup(asio::io_context& context) : resolver(context), done(context) {}
    tcp::resolver resolver;
    asio::steady_timer done;
    boost::system::error_code error = asio::error::timed_out;
    tcp::resolver::results_type found;
  };
  // A look-up cannot be cancelled once it runs: it is left to itself where it takes too long.
  const auto lookup = std::make_shared<Lookup>(reactor.context());
  lookup->done.expires_at(deadline);
  lookup->resolver.async_resolve(address.host, std::to_string(address.port),
                                 [lookup](const boost::system::error_code& error, tcp::resolver::results_type found) {
                                   lookup->error = error;
                                   lookup->found = std::move(found);
                                   lookup->done.cancel();
                                 });
  (void)co_await lookup->done.async_wait(asio::as_tuple(asio::use_awaitable));
  if (lookup->error) co_return unavailable("its address is not found: " + lookup->error.message());
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : lookup->found) endpoints.push_back(entry.endpoint());
  if (endpoints.empty()) co_return unavailable("its name has no address");
  co_return endpoints;
}

}  // namespace

Task<std::unique_ptr<Wire>> dial(Reactor& reactor, Peer peer, std::shared_ptr<const TlsIdentity> identity,
                                 Deadline deadline) {
  CO_TRY(const HostPort address, parse_address(peer.address));
  CO_TRY(const std::vector<tcp::endpoint> endpoints, co_await resolve(reactor, address, deadline));
  auto socket = co_await connect_to(reactor, endpoints.front(), deadline);
  for (std::size_t i = 1; !socket && i < endpoints.size(); ++i) {
    auto next = co_await connect_to(reactor, endpoints[i], deadline);
    if (next) socket.emplace(std::move(*next));
  }
  if (!socket) co_return fail(std::move(socket).error());
  std::unique_ptr<Wire> wire = Wire::make(socket->take(), *identity, Wire::Side::kOpener);
  if (!wire) co_return unavailable("memory is short");
  {
    Waits waits(reactor, wire->fd(), deadline);
    std::vector<std::uint8_t> buffer(kHandshakeReadBytes);
    CO_TRY_VOID(co_await shake_hands(*wire, waits, buffer));
    wire->keep();
  }
  const std::vector<std::string> names = wire->peer_names();
  if (std::ranges::find(names, peer.node.value) == names.end())
    co_return unavailable("it is the node \"" + (names.empty() ? std::string() : names.front()) + "\"");
  co_return wire;
}

Task<Greeted> greet(Reactor& reactor, int fd, std::shared_ptr<const TlsIdentity> identity, Deadline deadline) {
  hurry(fd);
  Greeted greeted;
  greeted.wire = Wire::make(fd, *identity, Wire::Side::kAcceptor);
  if (!greeted.wire) co_return unavailable("memory is short");
  Wire& wire = *greeted.wire;
  Waits waits(reactor, fd, deadline);
  std::vector<std::uint8_t> buffer(kHandshakeReadBytes);
  CO_TRY_VOID(co_await shake_hands(wire, waits, buffer));
  const std::vector<std::string> names = wire.peer_names();
  if (names.empty()) co_return unavailable("its certificate names no node");
  greeted.from.value = names.front();
  std::array<std::uint8_t, kHelloBytes> hello{};
  for (std::size_t have = 0; have < hello.size();) {
    std::size_t size = 0;
    const Wire::Status status = wire.decrypt(std::span(hello).subspan(have), size);
    have += size;
    if (status == Wire::Status::kEnd) co_return unavailable("it ended the connection before its hello");
    if (status == Wire::Status::kFailed) co_return unavailable(wire.reason());
    if (status == Wire::Status::kAgain) CO_TRY_VOID(co_await receive_more(wire, waits, buffer));
  }
  wire.keep();
  ByteView rest(hello);
  FrameReader reader(0);
  CO_TRY(const std::optional<Frame> frame, reader.next(rest));
  if (!frame || frame->type != FrameType::kHello) co_return unavailable("it does not begin with hello");
  if (frame->version != kVersion)
    co_return unavailable("it speaks version " + std::to_string(frame->version) + ", this node " +
                          std::to_string(kVersion));
  greeted.lane = frame->lane;
  co_return greeted;
}

}  // namespace concord::link
