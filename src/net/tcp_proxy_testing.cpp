#include "net/tcp_proxy_testing.h"

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <set>
#include <thread>

namespace concord::net::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Connection {
  explicit Connection(asio::io_context& context) : near(context), far(context) {}

  void close() {
    error_code ignored;
    near.close(ignored);
    far.close(ignored);
  }

  tcp::socket near;
  tcp::socket far;
  bool lost = false;
};

asio::awaitable<void> pump(std::shared_ptr<Connection> connection, tcp::socket& from, tcp::socket& to) {
  std::array<char, 16'384> buffer{};
  error_code error;
  for (;;) {
    const std::size_t size =
        co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    if (connection->lost) continue;
    co_await asio::async_write(to, asio::buffer(buffer, size), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  if (!connection->lost) connection->close();
}

}  // namespace

struct TcpProxy::State {
  explicit State(std::uint16_t t) : to(t) {}

  asio::awaitable<void> accept() {
    error_code error;
    for (;;) {
      auto connection = std::make_shared<Connection>(context);  // shared by its two pumps
      co_await acceptor.async_accept(connection->near, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      ++accepted;
      if (!cut) asio::co_spawn(context, serve(std::move(connection)), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Connection> connection) {
    error_code error;
    const tcp::endpoint target(asio::ip::address_v4::loopback(), to);
    co_await connection->far.async_connect(target, asio::redirect_error(asio::use_awaitable, error));
    if (error || cut) co_return;
    std::erase_if(connections, [](const auto& each) { return each.expired(); });
    connections.push_back(connection);
    asio::co_spawn(context, pump(connection, connection->near, connection->far), asio::detached);
    co_await pump(connection, connection->far, connection->near);
  }

  template <class Work>
  void run_there(Work work) {
    std::promise<void> done;
    asio::post(context, [&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }

  void for_each_connection(void (*work)(Connection&)) {
    for (const auto& each : connections) {
      if (const auto connection = each.lock()) work(*connection);
    }
  }

  const std::uint16_t to;
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::vector<std::weak_ptr<Connection>> connections;
  bool cut = false;
  std::atomic<std::size_t> accepted = 0;
  std::thread thread;
};

TcpProxy::TcpProxy(std::uint16_t to) : state_(std::make_unique<State>(to)) {
  asio::co_spawn(state_->context, state_->accept(), asio::detached);
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

TcpProxy::~TcpProxy() {
  state_->context.stop();
  state_->thread.join();
}

std::uint16_t TcpProxy::port() const { return state_->acceptor.local_endpoint().port(); }

void TcpProxy::cut() {
  state_->run_there([this] {
    state_->cut = true;
    state_->for_each_connection([](Connection& connection) { connection.close(); });
  });
}

void TcpProxy::lose() {
  state_->run_there([this] { state_->for_each_connection([](Connection& connection) { connection.lost = true; }); });
}

void TcpProxy::mend() {
  state_->run_there([this] { state_->cut = false; });
}

std::size_t TcpProxy::accepted() const { return state_->accepted; }

}  // namespace concord::net::testing
