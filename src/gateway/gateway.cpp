#include "gateway/gateway.h"

#include <algorithm>
#include <ranges>

#include "base/id.h"
#include "embedded/assets.h"
#include "gateway/problem.h"
#include "gateway/web_app.h"
#include "json/writer.h"

namespace concord::gateway {

namespace {

constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// "host" or "host:port" of "scheme://host:port".
std::string_view host_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
}

/// Constant time in what the caller sent.
bool same_secret(std::string_view expected, std::string_view given) {
  unsigned differs = expected.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    differs |= static_cast<unsigned char>(given[i] ^ expected[i % expected.size()]);
  }
  return differs == 0;
}

/// y-websocket's provider puts the room's name at the root; a document's identifier there means its live session.
void accept_room_path(net::Request& request) {
  if (request.websocket_upgrade && DocumentId::parse(std::string_view(request.path).substr(1))) {
    request.path = "/documents" + request.path + "/sync";
  }
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"ALLOWED_ORIGINS", SettingType::kString, "", 0, 4096,
       "Web origins beside the hub's own that may call it from a browser, separated by commas, as "
       "https://app.example."},
      {"METRICS_TOKEN", SettingType::kString, "", 0, 256,
       "Where set, /metrics asks for it as a bearer token; else whoever reaches the hub may read them.", true},
  };
  return rows;
}

GatewayOptions options_from(const Config& config) {
  GatewayOptions options;
  for (auto part : std::views::split(config.string("ALLOWED_ORIGINS"), ',')) {
    std::string origin(part.begin(), part.end());
    std::erase(origin, ' ');
    if (!origin.empty()) options.allowed_origins.push_back(std::move(origin));
  }
  options.metrics_token = config.string("METRICS_TOKEN");
  return options;
}

Gateway::Gateway(GatewayOptions options, net::Router router, std::vector<HealthCheck> checks, Metrics& metrics,
                 Logger logger)
    : options_(std::move(options)),
      router_(std::move(router)),
      checks_(std::move(checks)),
      metrics_(metrics),
      logger_(std::move(logger)) {
  add_own_routes();
}

void Gateway::add_own_routes() {
  const auto get = [this](std::string pattern, net::Handler handler) {
    router_.add({"GET", std::move(pattern), std::move(handler), 0});
  };
  get("/health", [this](net::Request) -> Task<net::Response> { return [](const Gateway& self) -> Task<net::Response> {
        co_return self.health(true);
      }(*this); });
  get("/health/ready", [this](net::Request) -> Task<net::Response> { return [](const Gateway& self) -> Task<net::Response> {
        co_return self.health(false);
      }(*this); });
  get("/health/live", [](net::Request) -> Task<net::Response> {
    net::Response response;
    response.set("content-type", "application/json");
    response.body = R"({"status":"ok"})";
    co_return response;
  });
  get("/metrics", [this](net::Request request) { return metrics_text(std::move(request)); });
  get("/openapi.json", [](net::Request request) -> Task<net::Response> {
    co_return serve_asset(request, embedded::openapi_json(), "no-cache");
  });
}

net::Response Gateway::health(bool with_components) const {
  json::Writer components;
  components.begin_object();
  bool well = !draining_;
  for (const HealthCheck& one : checks_) {
    const Result<> result = one.check();
    well = well && result.has_value();
    components.field(one.name, result ? std::string("ok") : result.error().message);
  }
  components.end();

  json::Writer out;
  out.begin_object().field("status", well ? "ok" : draining_ ? "draining" : "unavailable");
  if (with_components) out.key("components").raw(std::move(components).take());
  out.end();
  net::Response response;
  response.status = well ? 200 : 503;
  response.set("content-type", "application/json");
  response.set("cache-control", "no-store");
  if (!well) response.set("retry-after", "1");
  response.body = std::move(out).take();
  return response;
}

Task<net::Response> Gateway::metrics_text(net::Request request) const {
  if (!options_.metrics_token.empty()) {
    const std::string_view header = request.header("authorization");
    if (!header.starts_with("Bearer ") || !same_secret(options_.metrics_token, header.substr(7))) {
      co_return fail(Code::kUnauthenticated, "the metrics need their token");
    }
  }
  net::Response response;
  response.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = metrics_.prometheus_text();
  co_return response;
}

std::size_t Gateway::body_limit_bytes(const net::Request& head) const {
  const net::Router::Match match = router_.match(head.method, head.path);
  if (match.route == nullptr) return 0;
  return match.route->body_limit_bytes > 0 ? match.route->body_limit_bytes : options_.default_body_bytes;
}

asio::awaitable<net::Response> Gateway::handle(net::Request request) {
  net::Request head;  // what `protect` needs after the request has gone to its handler
  head.secure = request.secure;
  head.host = request.host;
  head.headers = request.headers;
  net::Response response = co_await route(std::move(request));
  protect(head, response);
  co_return response;
}

asio::awaitable<net::Response> Gateway::route(net::Request request) {
  accept_room_path(request);
  const std::string request_id = request.request_id;
  net::Router::Match match = router_.match(request.method, request.path);
  if (match.route == nullptr) {
    if (!match.allowed.empty()) {
      if (request.method == "OPTIONS") co_return preflight(request, match.allowed);
      net::Response response = problem_response(405, "method_not_allowed",
                                                request.path + " takes " + joined(match.allowed), request_id);
      response.set("allow", joined(match.allowed));
      co_return response;
    }
    if (request.method == "GET" || request.method == "HEAD") {
      if (auto page = serve_web_app(request, embedded::web_assets())) co_return std::move(*page);
    }
    co_return problem_response(Error{Code::kNotFound, "there is nothing at " + request.path, {}}, request_id);
  }
  if (request.websocket_upgrade && !origin_allowed(request)) {
    co_return problem_response(Error{Code::kPermissionDenied, "this origin may not open a live session", {}}, request_id);
  }
  request.parameters = std::move(match.parameters);
  const std::string path = request.path;
  auto answered = co_await match.route->handler(std::move(request));
  if (answered) co_return std::move(*answered);
  net::Response response = problem_response(answered.error(), request_id);
  if (response.status == 500) {
    logger_.error("a request failed inside",
                  {{"request_id", request_id}, {"path", path}, {"error", answered.error().message}});
  }
  co_return response;
}

bool Gateway::origin_allowed(const net::Request& request) const {
  const std::string_view origin = request.header("origin");
  return origin.empty() || host_of(origin) == request.host ||
         std::ranges::find(options_.allowed_origins, origin) != options_.allowed_origins.end();
}

net::Response Gateway::preflight(const net::Request& request, const std::vector<std::string>& allowed) const {
  net::Response response;
  response.status = 204;
  response.set("allow", joined(allowed));
  if (!request.header("origin").empty() && origin_allowed(request)) {
    response.set("access-control-allow-methods", joined(allowed));
    response.set("access-control-allow-headers", "authorization, content-type");
    response.set("access-control-max-age", "600");
  }
  return response;
}

void Gateway::protect(const net::Request& request, net::Response& response) const {
  response.set("content-security-policy", std::string(kContentSecurityPolicy));
  response.set("x-content-type-options", "nosniff");
  response.set("referrer-policy", "no-referrer");
  response.set("cross-origin-opener-policy", "same-origin");
  if (request.secure) response.set("strict-transport-security", "max-age=31536000");
  const std::string_view origin = request.header("origin");
  if (std::ranges::find(options_.allowed_origins, origin) != options_.allowed_origins.end()) {
    response.set("access-control-allow-origin", std::string(origin));
    response.set("vary", "origin");
  }
}

net::Response Gateway::refuse(int status, std::string detail) {
  std::string_view code = status == 408   ? "timeout"
                          : status == 413 ? "too_large"
                          : status == 431 ? "headers_too_large"
                          : status == 501 ? "unsupported"
                          : status == 503 ? "unavailable"
                                          : "invalid_argument";
  net::Response response = problem_response(status, code, detail, "");
  protect({}, response);
  return response;
}

}  // namespace concord::gateway
