#pragma once
// The hub's front door: routes requests to the services, answers errors as problem details, adds the headers that protect a
// browser, and serves the web app, health, metrics and the OpenAPI document. No business rule lives here.

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/http.h"
#include "net/server.h"

namespace concord::gateway {

std::span<const Setting> settings();

struct GatewayOptions {
  std::vector<std::string> allowed_origins;  // beside the hub's own; exact, e.g. "https://app.example"
  std::string metrics_token;                 // empty: /metrics is open
  std::size_t default_body_bytes = 1u << 20u;
};
GatewayOptions options_from(const Config& config);

/// One thing that must be well for the hub to be ready. `check` is called on any reactor and must not block.
struct HealthCheck {
  std::string name;
  std::function<Result<>()> check;
};

class Gateway final : public net::RequestHandler {
 public:
  /// Takes the router with the services' routes and adds its own: /health…, /metrics, /openapi.json.
  Gateway(GatewayOptions options, net::Router router, std::vector<HealthCheck> checks, Metrics& metrics, Logger logger);

  std::size_t body_limit_bytes(const net::Request& head) const override;
  asio::awaitable<net::Response> handle(net::Request request) override;
  net::Response refuse(int status, std::string detail) override;

  /// From now on /health/ready answers 503: the hub is going away.
  void begin_drain() { draining_ = true; }

  const net::Router& router() const { return router_; }

 private:
  void add_own_routes();
  net::Response health(bool with_components) const;
  Task<net::Response> metrics_text(net::Request request) const;
  asio::awaitable<net::Response> route(net::Request request);
  net::Response preflight(const net::Request& request, const std::vector<std::string>& allowed) const;
  bool origin_allowed(const net::Request& request) const;
  void protect(const net::Request& request, net::Response& response) const;

  GatewayOptions options_;
  net::Router router_;
  std::vector<HealthCheck> checks_;
  Metrics& metrics_;
  Logger logger_;
  std::atomic<bool> draining_{false};
};

}  // namespace concord::gateway
