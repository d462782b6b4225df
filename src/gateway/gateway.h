#pragma once
// The hub's front door: routes requests to the services, answers errors as problem details, adds the headers that
// protect a browser, and serves the web app, health, metrics and the OpenAPI document. No business rule lives here.

#include <array>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "embedded/assets.h"
#include "gateway/health.h"
#include "gateway/origins.h"
#include "gateway/web_app.h"
#include "guard/request_limits.h"
#include "guard/trusted_proxies.h"
#include "guard/watch.h"
#include "net/http.h"
#include "net/server.h"

namespace concord::gateway {

std::span<const Setting> settings();

/// A request that somebody was not allowed to make.
struct Refusal {
  std::string method, path, address, request_id;
  std::optional<guard::Caller> caller;  // where the token it came with is good
  int status = 0;  // 401 for a token that is no good (not for one that is missing or too old), 403 or 429
  Error error;
};

/// Answers requests that only another node can, on hubs of several. nullopt: this node is to answer; the request is as
/// it was then.
using Elsewhere = std::function<Task<std::optional<net::Response>>(const net::Route& route, net::Request& request,
                                                                   const std::optional<guard::Caller>& caller)>;

struct GatewayOptions {
  std::vector<std::string> allowed_origins;  // beside the hub's own; exact, e.g. "https://app.example"
  std::string metrics_token;                 // empty: /metrics is for direct callers on this machine
  std::size_t default_body_bytes = 1u << 20u;
  std::span<const embedded::Asset> web_app = embedded::web_assets();
  guard::TrustedProxies proxies;           // whose word on who calls is believed
  guard::RequestLimits* limits = nullptr;  // outlives the gateway; null: nobody is limited
  guard::Watch* watch = nullptr;           // outlives the gateway; null: nobody is watched
  net::Reconnects* reconnects =
      nullptr;  // outlives the gateway: when who gets a 503 is to ask again; null: in a second
  /// Told of each refusal, before it is answered; of a caller who asks too often, once a minute. Does not wait for
  /// anything slow. May be empty.
  std::function<void(Refusal)> on_refused = {};
  Elsewhere elsewhere = {};  // empty: all is here
  bool for_clients = true;   // else only health and metrics are told here
};
GatewayOptions options_from(const Config& config);

/// Built before the server starts; from then on any reactor calls it.
class Gateway final : public net::RequestHandler {
 public:
  /// Takes the router with the services' routes and adds its own: /health…, /metrics, /openapi.json.
  Gateway(GatewayOptions options, net::Router router, std::vector<HealthCheck> checks, Metrics& metrics, Logger logger);

  std::size_t body_limit_bytes(const net::Request& head) const override;
  asio::awaitable<net::Response> handle(net::Request request) override;
  net::Response refuse(int status, std::string detail) override;
  /// Of another node's gateway, which has admitted the request and finishes the response.
  asio::awaitable<net::Response> answer_for_other_node(net::Request request);

  /// From now on /health/ready answers 503: the hub is going away.
  void begin_drain() { health_.begin_drain(); }

  const net::Router& router() const { return router_; }

 private:
  using RouteKey = std::pair<std::string_view, std::string_view>;  // method and pattern
  using Counters = std::array<Counter*, 5>;                        // by class of status

  void add_own_routes();
  void make_counters();
  Result<net::Response> metrics_text(const net::Request& request) const;
  asio::awaitable<net::Response> answer(net::Request request);
  asio::awaitable<net::Response> admit_and_call(const net::Route& route, net::Request request);
  asio::awaitable<net::Response> call(const net::Route& route, net::Request request,
                                      const std::optional<guard::Caller>& caller);
  asio::awaitable<net::Response> call_here(const net::Route& route, net::Request request,
                                           const std::optional<guard::Caller>& caller);
  /// Success where the request may be made by the page that it comes from.
  Result<> check_origin(const net::Route& route, const net::Request& request) const;
  net::Response limited(const net::Request& request, const guard::RequestLimits::Admission& admission) const;
  asio::awaitable<net::Response> watch_and_call(const net::Route& route, net::Request request,
                                                const std::optional<guard::Caller>& caller);
  net::Response nothing_there(const net::Request& request) const;
  net::Response without_route(const net::Request& request, const std::vector<std::string>& methods) const;
  void say_when(net::Response& response) const;
  void finish(bool secure, std::string_view origin, net::Response& response) const;

  GatewayOptions options_;
  net::Router router_;
  Health health_;
  Origins origins_;
  WebApp web_app_;
  std::set<std::string, std::less<>> api_segments_;  // first segments of paths that are the API's, never a page's
  std::map<RouteKey, Counters> counters_;
  Metrics& metrics_;
  Logger logger_;
};

}  // namespace concord::gateway
