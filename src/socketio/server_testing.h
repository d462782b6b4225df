#pragma once
// A running server with an echoing dialect, for tests: every event comes back under its name with "-back", every
// acknowledgement has the arguments.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/reactor_testing.h"
#include "net/client_testing.h"
#include "net/server.h"
#include "socketio/server.h"

namespace concord::socketio::testing {

/// What handlers saw, from any reactor.
class Seen {
 public:
  void add(std::string line) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::size_t count(std::string_view line) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(lines_, line));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class Echo final : public Handler {
 public:
  explicit Echo(Seen& seen) : seen_(seen) {}

  void on_connect(Socket& socket, std::string_view auth) override {
    if (auth == R"({"token":"bad"})") {
      socket.refuse("no such token", R"({"code":"unauthenticated"})");
      return;
    }
    seen_.add("connect");
    socket.accept();
    socket.emit("auth", auth);
  }
  void on_event(Socket& socket, const Event& event) override {
    std::string arguments;
    for (const std::string_view argument : event.arguments) {
      if (!arguments.empty()) arguments += ',';
      arguments += argument;
    }
    if (event.name == "leave") {
      socket.disconnect();
    } else if (event.name == "flood") {
      for (int i = 0; i < 64; ++i) socket.emit("flood-back", '"' + std::string(1024, 'x') + '"');
    } else if (event.id) {
      socket.acknowledge(*event.id, arguments);
    } else {
      socket.emit(std::string(event.name) + "-back", arguments);
      if (!event.attachments.empty()) socket.emit("bytes", std::to_string(event.attachments[0].size()));
    }
  }
  void on_disconnect(Socket&, DisconnectReason reason) override { seen_.add(std::string(to_string(reason))); }
  LastWords last_words(DisconnectReason reason) override {
    return {"ended", '"' + std::string(to_string(reason)) + '"'};
  }

 private:
  Seen& seen_;
};

/// Answers by a router.
class Routed final : public net::RequestHandler {
 public:
  net::Router router;

  std::size_t body_limit_bytes(const net::Request& head) const override {
    const auto match = router.match(head.method, head.path);
    return match.route == nullptr ? 0 : match.route->body_limit_bytes;
  }
  asio::awaitable<net::Response> handle(net::Request request) override {
    const auto match = router.match(request.method, request.path);
    if (match.route == nullptr) co_return refuse(404, "");
    auto response = co_await match.route->handler(std::move(request));
    co_return response ? std::move(*response) : refuse(503, response.error().message);
  }
  net::Response refuse(int status, std::string detail) override {
    net::Response response;
    response.status = status;
    response.body = std::move(detail);
    return response;
  }
};

class RunningSocketIo {
 public:
  explicit RunningSocketIo(const Options& options = {})
      : reactors(2),
        server(options, reactors.all(), clock_, metrics, [this](Reactor&) { return std::make_unique<Echo>(seen); }) {
    server.add_routes(routed_.router);
    net_.emplace(net::ServerOptions{}, reactors.all(), routed_, Logger(), metrics);
    (void)net_->start();
    (void)concord::testing::run_on(reactors.at(0), server.start());
  }
  ~RunningSocketIo() {
    close();
    concord::testing::run_on(reactors.at(0), net_->drain(2'000));
    net_.reset();
  }
  void close() { concord::testing::run_on(reactors.at(0), server.close()); }
  std::uint16_t port() const { return net_->port(); }

  Seen seen;
  Metrics metrics;
  concord::testing::RunningReactors reactors;
  Server server;

 private:
  SystemClock clock_;
  Routed routed_;
  std::optional<net::Server> net_;
};

}  // namespace concord::socketio::testing
