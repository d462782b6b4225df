#include "redis/transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include <openssl/ssl.h>

namespace concord::redis {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

std::unexpected<Error> unavailable(const Endpoint& endpoint, const std::string& what) {
  return fail(Code::kUnavailable, "Redis at " + endpoint.str() + " " + what);
}

std::unexpected<Error> gone(const Endpoint& endpoint, const error_code& error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return unavailable(endpoint, "ended the connection");
  return unavailable(endpoint, "is gone: " + error.message());
}

}  // namespace

struct TlsTrust::State {
  asio::ssl::context context{asio::ssl::context::tls_client};
};

TlsTrust::TlsTrust() : state_(std::make_unique<State>()) {}
TlsTrust::~TlsTrust() = default;

Result<std::unique_ptr<TlsTrust>> TlsTrust::load(const std::string& ca_file) {
  std::unique_ptr<TlsTrust> trust(new TlsTrust());
  asio::ssl::context& context = trust->state_->context;
  error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file, error);
  }
  if (error)
    return fail(Error{Code::kInvalidArgument,
                      "REDIS_URL: the authorities in " + (ca_file.empty() ? "this machine" : ca_file) +
                          " do not load: " + error.message(),
                      {{"field", "REDIS_URL"}}});
  context.set_verify_mode(asio::ssl::verify_peer, error);
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1)
    return fail(Code::kInternal, "TLS 1.2 cannot be demanded");
  return trust;
}

struct Transport::State {
  State(Reactor& r, Endpoint e, const TlsTrust* t)
      : reactor(r), endpoint(std::move(e)), trust(t), socket(r.context()) {}

  Reactor& reactor;
  Endpoint endpoint;
  const TlsTrust* trust;
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  bool is_closed = false;

  /// What a host's name stands for.
  struct Found {
    explicit Found(Reactor& reactor) : there(reactor) {}
    AsyncEvent there;
    error_code error;
    std::optional<tcp::resolver::results_type> addresses;
  };
  Task<> shake_hands();
};

Transport::Transport(Reactor& reactor, Endpoint endpoint, const TlsTrust* trust)
    : state_(std::make_unique<State>(reactor, std::move(endpoint), trust)) {}
Transport::~Transport() = default;

Task<> Transport::connect(std::int64_t timeout_ms) {
  State& state = *state_;
  // Shared with the resolver, whose thread cannot be told to stop.
  const auto found = std::make_shared<State::Found>(state.reactor);
  tcp::resolver resolver(state.reactor.context());
  resolver.async_resolve(state.endpoint.host, state.endpoint.port_str(),
                         [found](error_code error, tcp::resolver::results_type addresses) {
                           found->error = error;
                           found->addresses = std::move(addresses);
                           found->there.notify_all();
                         });
  if (!found->addresses) co_await found->there.wait(timeout_ms);
  if (state.is_closed) co_return unavailable(state.endpoint, "is not connected to any more");
  if (!found->addresses) co_return unavailable(state.endpoint, "has a name that is not found in time");
  if (found->error) co_return unavailable(state.endpoint, "has a name that is not found: " + found->error.message());
  error_code error;
  co_await asio::async_connect(state.socket, *found->addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error || state.is_closed) co_return unavailable(state.endpoint, "is away: " + error.message());
  state.socket.set_option(tcp::no_delay(true), error);
  if (state.trust != nullptr) co_return co_await state.shake_hands();
  co_return Result<>();
}

Task<> Transport::State::shake_hands() {
  tls.emplace(socket, trust->state_->context);
  error_code error;
  tls->set_verify_callback(asio::ssl::host_name_verification(endpoint.host), error);
  error_code no_address;
  asio::ip::make_address(endpoint.host, no_address);
  const bool is_named = static_cast<bool>(no_address);  // RFC 6066: an address is no name to ask for
  if (error || (is_named && SSL_set_tlsext_host_name(tls->native_handle(), endpoint.host.c_str()) != 1))
    co_return unavailable(endpoint, "has a name that TLS does not take");
  co_await tls->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return unavailable(endpoint, "is not trusted, or does not speak TLS: " + error.message());
  co_return Result<>();
}

Task<std::size_t> Transport::read_some(std::span<std::uint8_t> into) {
  const auto buffer = asio::buffer(into.data(), into.size());
  error_code error;
  std::size_t size = 0;
  if (state_->tls) {
    size = co_await state_->tls->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    size = co_await state_->socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) co_return gone(state_->endpoint, error);
  co_return size;
}

Task<> Transport::write_all(ByteView bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  error_code error;
  if (state_->tls) {
    co_await asio::async_write(*state_->tls, buffer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await asio::async_write(state_->socket, buffer, asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) co_return gone(state_->endpoint, error);
  co_return Result<>();
}

void Transport::close() {
  state_->is_closed = true;
  error_code ignored;
  state_->socket.close(ignored);
}

}  // namespace concord::redis
