#pragma once
// The Socket.IO server: GET and POST /socket.io/, answered on whatever reactor they come to, for sessions that each
// live on the reactor they were opened on.

#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "socketio/home.h"

namespace concord::socketio {

class Server {
 public:
  /// Makes the handler of the sockets of one reactor.
  using MakeHandler = std::function<std::unique_ptr<Handler>(Reactor& reactor)>;

  Server(const Options& options, Reactors& reactors, Clock& clock, Metrics& metrics, const MakeHandler& make_handler);
  ~Server();  // closed, or never started

  /// Before the first request; the reactors run.
  Task<> start();
  void add_routes(net::Router& router);
  /// Ends every session, which tells clients to come again. From then on there are no new ones.
  asio::awaitable<void> close();

 private:
  Task<net::Response> get(net::Request request);
  Task<net::Response> post(net::Request request);
  Task<net::Response> handshake(net::Request request, bool websocket);
  Task<net::Response> probe(net::Request request, Home& home, std::string session);
  Home* current_home();
  Home* home_for(std::string_view session);

  const Options options_;
  HomeMetrics metrics_;
  std::vector<std::shared_ptr<Home>> homes_;  // shared with upgrades under way
};

}  // namespace concord::socketio
