#include "socketio/server.h"

#include <algorithm>

#include "socketio/answers.h"
#include "socketio/session_id.h"

namespace concord::socketio {

namespace {

constexpr std::string_view kPath = "/socket.io/";
constexpr std::string_view kProtocol = "4";

enum class Transport : std::uint8_t { kPolling, kWebSocket };

std::optional<Transport> transport_of(const net::Request& request) {
  const auto name = request.query_value("transport");
  if (name == "polling") return Transport::kPolling;
  if (name == "websocket") return Transport::kWebSocket;
  return std::nullopt;
}

Visitor visitor_of(net::Request& request) {
  return {.address = std::move(request.peer_address), .request_id = std::move(request.request_id)};
}

Task<> start_here(Home& home) {
  home.start();
  co_return Result<>{};
}

Task<> close_here(Home& home) {
  co_await home.close();
  co_return Result<>{};
}

}  // namespace

Server::Server(const Options& options, Reactors& reactors, Clock& clock, Metrics& metrics,
               const MakeHandler& make_handler)
    : options_(options), metrics_(metrics) {
  const std::size_t share = std::max<std::size_t>(1, options_.max_sessions / reactors.size());
  for (std::size_t i = 0; i < reactors.size(); ++i)
    homes_.push_back(
        std::make_shared<Home>(reactors.at(i), i, options_, share, clock, metrics_, make_handler(reactors.at(i))));
}

Server::~Server() = default;

Task<> Server::start() {
  for (const auto& home : homes_) CO_TRY_VOID(co_await run_on(home->reactor(), start_here(*home)));
  co_return Result<>{};
}

asio::awaitable<void> Server::close() {
  for (const auto& home : homes_) (void)co_await run_on(home->reactor(), close_here(*home));  // cannot fail
}

void Server::add_routes(net::Router& router) {
  const auto add = [this, &router](std::string method, Task<net::Response> (Server::*answer)(net::Request)) {
    router.add({.method = std::move(method),
                .pattern = std::string(kPath),
                .handler = [this, answer](net::Request request) { return (this->*answer)(std::move(request)); },
                .body_limit_bytes = options_.max_payload_bytes,
                .rate = net::Rate::kSession,
                .live_session = true});
  };
  add("GET", &Server::get);
  add("POST", &Server::post);
}

Home* Server::current_home() {
  const auto found = std::ranges::find_if(homes_, [](const auto& home) { return home->reactor().is_current(); });
  return found == homes_.end() ? nullptr : found->get();
}

Home* Server::home_for(std::string_view session) {
  const auto index = home_of(session);
  return index && *index < homes_.size() ? homes_[*index].get() : nullptr;
}

Task<net::Response> Server::get(net::Request request) {
  const auto transport = transport_of(request);
  if (!transport) co_return refusal(Refusal::kUnknownTransport);
  const bool websocket = *transport == Transport::kWebSocket;
  const auto session = request.query_value("sid");
  if (!session) co_return co_await handshake(std::move(request), websocket);
  Home* home = home_for(*session);
  if (home == nullptr) co_return refusal(Refusal::kUnknownSession);
  if (websocket != request.websocket_upgrade || request.method != "GET") co_return refusal(Refusal::kBadRequest);
  std::string id(*session);
  if (websocket) co_return co_await probe(std::move(request), *home, std::move(id));
  co_return co_await run_on(home->reactor(), home->poll(std::move(id)));
}

Task<net::Response> Server::handshake(net::Request request, bool websocket) {
  if (request.method != "GET") co_return refusal(Refusal::kBadHandshakeMethod);
  if (websocket != request.websocket_upgrade) co_return refusal(Refusal::kBadRequest);
  if (request.query_value("EIO") != kProtocol) co_return refusal(Refusal::kUnsupportedProtocol);
  Home* home = current_home();
  if (!websocket) co_return co_await run_on(home->reactor(), home->open(visitor_of(request)));
  CO_TRY_VOID(home->has_room());
  net::Response response;
  response.upgrade = net::Upgrade{&home->reactor(), home->shared_from_this(),
                                  std::make_shared<Opening>(Opening{{}, visitor_of(request)})};
  co_return response;
}

Task<net::Response> Server::probe(net::Request request, Home& home, std::string session) {
  CO_TRY(auto refused, co_await run_on(home.reactor(), home.before_probe(session)));
  if (refused) co_return std::move(*refused);
  net::Response response;
  response.upgrade = net::Upgrade{&home.reactor(), home.shared_from_this(),
                                  std::make_shared<Opening>(Opening{std::move(session), visitor_of(request)})};
  co_return response;
}

Task<net::Response> Server::post(net::Request request) {
  if (!transport_of(request)) co_return refusal(Refusal::kUnknownTransport);
  const auto session = request.query_value("sid");
  if (!session) co_return refusal(Refusal::kBadHandshakeMethod);
  Home* home = home_for(*session);
  if (home == nullptr) co_return refusal(Refusal::kUnknownSession);
  const bool bytes = request.header("content-type") == "application/octet-stream";
  if (transport_of(request) != Transport::kPolling || bytes) co_return refusal(Refusal::kBadRequest);
  std::string id(*session);
  co_return co_await run_on(home->reactor(), home->post(std::move(id), std::move(request.body)));
}

}  // namespace concord::socketio
