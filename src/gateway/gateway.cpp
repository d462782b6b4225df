#include "gateway/gateway.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/id.h"
#include "gateway/problem.h"

namespace concord::gateway {
namespace {

constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
constexpr std::string_view kPageMethods = "GET, HEAD, OPTIONS";
constexpr std::size_t kNoRouteBodyBytes = 64u << 10u;  // read and thrown away, so that the answer is 404 and not 413

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += word + ", ";
  return out + "OPTIONS";
}

/// Takes the same time however much of the secret was guessed.
bool same_secret(std::string_view expected, std::string_view given) {
  unsigned differs = expected.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    differs |= static_cast<unsigned char>(given[i] ^ expected[i % expected.size()]);
  return differs == 0;
}

/// Whether the caller is on this machine and no proxy stands between.
bool is_direct_local(const net::Request& request) {
  std::string_view peer = request.peer_address;
  if (peer.starts_with("::ffff:")) peer.remove_prefix(7);
  const bool local = peer == "::1" || peer.starts_with("127.");
  return local && request.header("forwarded").empty() && request.header("x-forwarded-for").empty();
}

/// y-websocket's provider puts the room's name at the root; a document's identifier there means its live session.
void accept_room_path(net::Request& request) {
  if (request.websocket_upgrade && DocumentId::parse(std::string_view(request.path).substr(1)))
    request.path = "/documents" + request.path + "/sync";
}

std::string_view first_segment(std::string_view path) {
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

/// Whether somebody was kept from something, rather than asked to sign in (again) or to guess a password better: those
/// are told by who keeps the passwords.
bool is_refusal(int status, const Error& error) {
  if (status == 403 || status == 429) return true;
  if (status != 401) return false;
  constexpr std::array<std::string_view, 5> kUsual{"missing", "expired", "revoked", "reused", "credentials"};
  const auto reason = std::ranges::find(error.context, "reason", &std::pair<std::string, std::string>::first);
  return reason == error.context.end() || std::ranges::find(kUsual, reason->second) == kUsual.end();
}

/// What every node tells about itself.
bool is_own_route(const net::Route* route) {
  return route != nullptr && (route->pattern.starts_with("/health") || route->pattern == "/metrics");
}

bool has_header(const net::Response& response, std::string_view name) {
  return std::ranges::find(response.headers, name, &net::Header::name) != response.headers.end();
}

}  // namespace

Gateway::Gateway(GatewayOptions options, net::Router router, std::vector<HealthCheck> checks, Metrics& metrics,
                 Logger logger)
    : options_(std::move(options)),
      router_(std::move(router)),
      health_(std::move(checks)),
      origins_(options_.allowed_origins),
      web_app_(options_.web_app),
      metrics_(metrics),
      logger_(std::move(logger)) {
  add_own_routes();
  make_counters();
  for (const net::Route& route : router_.routes()) {
    const std::string_view segment = first_segment(route.pattern);
    if (!segment.starts_with('{')) api_segments_.emplace(segment);
  }
  for (const std::string& origin : options_.allowed_origins)
    if (!normal_origin(origin)) logger_.warn("ALLOWED_ORIGINS names what is no origin", {{"value", origin}});
}

void Gateway::add_own_routes() {
  using Answer = std::function<Result<net::Response>(const net::Request&)>;
  const auto get = [this](std::string pattern, Answer answer, net::Rate rate = net::Rate::kCaller) {
    // The answer lives in the router, and thus longer than the coroutine.
    router_.add({.method = "GET",
                 .pattern = std::move(pattern),
                 .handler =
                     [answer = std::move(answer)](net::Request request) {
                       return [](const Answer& function, net::Request asked) -> Task<net::Response> {
                         co_return function(asked);
                       }(answer, std::move(request));
                     },
                 .rate = rate});
  };
  get("/health", [this](const net::Request&) { return health_.readiness(true); }, net::Rate::kNone);
  get("/health/ready", [this](const net::Request&) { return health_.readiness(false); }, net::Rate::kNone);
  get("/health/live", [](const net::Request&) { return Health::liveness(); }, net::Rate::kNone);
  get("/metrics", [this](const net::Request& request) { return metrics_text(request); });
  get("/openapi.json",
      [](const net::Request& request) { return serve_asset(request, embedded::openapi_json(), "no-cache"); });
}

void Gateway::make_counters() {
  static constexpr std::array<const char*, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (const net::Route& route : router_.routes()) {
    Counters& counters = counters_[{route.method, route.pattern}];
    for (std::size_t i = 0; i < counters.size(); ++i)
      counters[i] = &metrics_.counter("concord_gateway_requests_total", "Requests by route and class of status.",
                                      {{"method", route.method}, {"route", route.pattern}, {"status", kClasses[i]}});
  }
}

Result<net::Response> Gateway::metrics_text(const net::Request& request) const {
  if (!options_.metrics_token.empty()) {
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view given = request.header("authorization");
    if (!given.starts_with(kBearer) || !same_secret(options_.metrics_token, given.substr(kBearer.size())))
      return fail(Code::kUnauthenticated, "the metrics need the token of METRICS_TOKEN");
  } else if (!is_direct_local(request)) {
    return fail(Code::kPermissionDenied, "from another machine the metrics need METRICS_TOKEN to be set");
  }
  net::Response response;
  response.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = metrics_.prometheus_text();
  return response;
}

std::size_t Gateway::body_limit_bytes(const net::Request& head) const {
  const net::Router::Match match = router_.match(head.method, head.path);
  if (match.route == nullptr) return kNoRouteBodyBytes;
  return match.route->body_limit_bytes > 0 ? match.route->body_limit_bytes : options_.default_body_bytes;
}

asio::awaitable<net::Response> Gateway::handle(net::Request request) {
  options_.proxies.resolve(request);
  const bool secure = request.secure;
  const std::string origin(request.header("origin"));
  net::Response response = co_await answer(std::move(request));
  if (!response.upgrade) finish(secure, origin, response);
  co_return response;
}

asio::awaitable<net::Response> Gateway::answer(net::Request request) {
  accept_room_path(request);
  net::Router::Match match = router_.match(request.method, request.path);
  if (!options_.for_clients && !is_own_route(match.route))
    co_return problem_response(421, code_of_status(421), "this node answers no clients; ask a gateway of the hub",
                               request.request_id);
  if (match.route == nullptr) co_return without_route(request, match.allowed);
  request.parameters = std::move(match.parameters);
  net::Response response = co_await admit_and_call(*match.route, std::move(request));
  const auto status = static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5) - 1);
  counters_.at({match.route->method, match.route->pattern})[status]->add();
  co_return response;
}

asio::awaitable<net::Response> Gateway::admit_and_call(const net::Route& route, net::Request request) {
  if (options_.limits == nullptr) co_return co_await call(route, std::move(request), std::nullopt);
  guard::RequestLimits::Admission admission = options_.limits->admit(request, route.rate);
  if (admission.unchecked)
    admission = co_await options_.limits->check(std::string(guard::token_of(request)), request.peer_address,
                                                std::move(admission));
  net::Response response = admission.taken.allowed
                               ? co_await watch_and_call(route, std::move(request), admission.caller)
                               : limited(request, admission);
  guard::add_headers(admission, response);
  co_return response;
}

asio::awaitable<net::Response> Gateway::watch_and_call(const net::Route& route, net::Request request,
                                                       const std::optional<guard::Caller>& caller) {
  if (options_.watch == nullptr) co_return co_await call(route, std::move(request), caller);
  if (const auto locked = options_.watch->refusal(route, request.peer_address, caller))
    co_return problem_response(*locked, request.request_id);
  const std::string thing = request.parameters.empty() ? std::string() : request.parameters.front().second;
  const std::string address = request.peer_address;
  net::Response response = co_await call(route, std::move(request), caller);
  options_.watch->answered(route, response.status, thing, address, caller);
  co_return response;
}

net::Response Gateway::limited(const net::Request& request, const guard::RequestLimits::Admission& admission) const {
  Error error = guard::too_often(admission);
  net::Response response = problem_response(error, request.request_id);
  if (options_.on_refused && admission.taken.worth_telling)
    options_.on_refused({.method = request.method,
                         .path = request.path,
                         .address = request.peer_address,
                         .request_id = request.request_id,
                         .caller = admission.caller,
                         .status = response.status,
                         .error = std::move(error)});
  return response;
}

Result<> Gateway::check_origin(const net::Route& route, const net::Request& request) const {
  if ((request.websocket_upgrade || route.live_session) && !origins_.may_upgrade(request))
    return fail(
        Error{Code::kPermissionDenied, "pages of this origin may not open a live session", {{"field", "origin"}}});
  if (route.trusted_pages_only && !origins_.may_call(request))
    return fail(Error{Code::kPermissionDenied, "pages of this origin may not call this", {{"field", "origin"}}});
  return {};
}

asio::awaitable<net::Response> Gateway::call(const net::Route& route, net::Request request,
                                             const std::optional<guard::Caller>& caller) {
  if (auto allowed = check_origin(route, request); !allowed)
    co_return problem_response(allowed.error(), request.request_id);
  if (options_.elsewhere) {
    auto answered = co_await options_.elsewhere(route, request, caller);
    if (!answered) co_return problem_response(answered.error(), request.request_id);
    if (*answered) co_return std::move(**answered);
  }
  co_return co_await call_here(route, std::move(request), caller);
}

asio::awaitable<net::Response> Gateway::answer_for_other_node(net::Request request) {
  net::Router::Match match = router_.match(request.method, request.path);
  if (match.route == nullptr) co_return without_route(request, match.allowed);
  request.parameters = std::move(match.parameters);
  std::optional<guard::Caller> caller;
  if (options_.limits != nullptr) caller = co_await options_.limits->whose(std::string(guard::token_of(request)));
  co_return co_await call_here(*match.route, std::move(request), caller);
}

asio::awaitable<net::Response> Gateway::call_here(const net::Route& route, net::Request request,
                                                  const std::optional<guard::Caller>& caller) {
  // What the handler takes with it and a refusal or a problem has to name.
  const std::string request_id = request.request_id;
  const std::string address = request.peer_address;
  const std::string method = request.method;
  const std::string path = options_.on_refused ? request.path : std::string();
  Error failure;
  try {
    auto answered = co_await route.handler(std::move(request));
    if (answered) co_return std::move(*answered);
    failure = std::move(answered).error();
  } catch (const std::exception& thrown) {
    failure = Error{Code::kInternal, thrown.what(), {}};
  }
  net::Response response = problem_response(failure, request_id);
  if (options_.on_refused && is_refusal(response.status, failure))
    options_.on_refused({.method = method,
                         .path = path,
                         .address = address,
                         .request_id = request_id,
                         .caller = caller,
                         .status = response.status,
                         .error = failure});
  if (is_for_the_log(failure))
    logger_.error("a request failed inside", {{"request_id", request_id},
                                              {"route", route.pattern},
                                              {"code", to_string(failure.code)},
                                              {"error", failure.message}});
  co_return response;
}

/// Who looks for what there is, by guessing, is counted with those who show no token.
net::Response Gateway::nothing_there(const net::Request& request) const {
  guard::RequestLimits::Admission admission;
  if (options_.limits != nullptr) admission = options_.limits->admit(request, net::Rate::kCaller);
  net::Response response =
      admission.taken.allowed
          ? problem_response(Error{Code::kNotFound, "there is nothing at " + request.path, {}}, request.request_id)
          : limited(request, admission);
  guard::add_headers(admission, response);
  return response;
}

/// Where no route has the path and the method: `methods` are those that the path has.
net::Response Gateway::without_route(const net::Request& request, const std::vector<std::string>& methods) const {
  const embedded::Asset* page = nullptr;
  if (methods.empty() && !request.websocket_upgrade && !api_segments_.contains(first_segment(request.path)))
    page = web_app_.find(request.path);
  if (methods.empty() && page == nullptr) return nothing_there(request);

  const std::string allowed = page != nullptr ? std::string(kPageMethods) : joined(methods);
  if (request.method == "OPTIONS") return origins_.options(request, allowed);
  if (page != nullptr && (request.method == "GET" || request.method == "HEAD")) return web_app_.serve(request, *page);
  net::Response response =
      problem_response(405, code_of_status(405), request.path + " takes " + allowed, request.request_id);
  response.set("allow", allowed);
  return response;
}

/// Who cannot be served now is told when to come again: each at another time, unless a service has said when.
void Gateway::say_when(net::Response& response) const {
  if ((response.status != 429 && response.status != 503) || has_header(response, "retry-after")) return;
  const bool spread = response.status == 503 && options_.reconnects != nullptr;
  response.set("retry-after", std::to_string(spread ? options_.reconnects->delay_s() : 1));
}

/// What every answer but an upgrade carries.
void Gateway::finish(bool secure, std::string_view origin, net::Response& response) const {
  say_when(response);
  response.set("content-security-policy", std::string(kContentSecurityPolicy));
  response.set("x-content-type-options", "nosniff");
  response.set("referrer-policy", "no-referrer");
  response.set("cross-origin-opener-policy", "same-origin");
  response.set("cross-origin-resource-policy", "same-origin");
  if (secure) response.set("strict-transport-security", "max-age=31536000");
  if (!has_header(response, "cache-control")) response.set("cache-control", "no-store");
  origins_.add_headers(origin, response);
}

net::Response Gateway::refuse(int status, std::string detail) {
  net::Response response = problem_response(status, code_of_status(status), detail, "");
  finish(false, "", response);
  return response;
}

}  // namespace concord::gateway
