#include "gateway/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gateway/gateway_testing.h"
#include "net/client_testing.h"
#include "net/reconnects.h"
#include "net/server_testing.h"

namespace concord::gateway {
namespace {

using ::testing::HasSubstr;
using testing::header;
using testing::make_request;
using ::testing::Not;

constexpr std::string_view kDocument = "/doc_01ke3m1b7nfh2r4t6v8x9z0a1c";
const embedded::Asset kPages[] = {
    {"/index.html", as_bytes("<!doctype html>"), {}, "text/html; charset=utf-8", "\"page\""}};

net::Handler answering(std::function<Result<net::Response>(const net::Request&)> answer) {
  return [answer = std::move(answer)](net::Request request) {
    return [](std::function<Result<net::Response>(const net::Request&)> function,
              net::Request asked) -> Task<net::Response> { co_return function(asked); }(answer, std::move(request));
  };
}

net::Router test_routes() {
  net::Router router;
  const auto text = [](std::string body) {
    net::Response response;
    response.set("content-type", "text/plain");
    response.body = std::move(body);
    return response;
  };
  router.add(
      {"GET", "/things/{id}", answering([text](const net::Request& r) { return text("thing " + r.parameter("id")); })});
  router.add({"POST", "/things", answering([text](const net::Request& r) { return text(r.body); }), 100});
  router.add({"GET", "/fails", answering([](const net::Request&) -> Result<net::Response> {
                return fail(Error{Code::kTooLarge, "too much", {{"limit", "7"}}});
              })});
  router.add({"GET", "/breaks", answering([](const net::Request&) -> Result<net::Response> {
                return fail(Code::kInternal, "the secret disk");
              })});
  router.add({"GET", "/throws", answering([](const net::Request&) -> Result<net::Response> {
                throw std::runtime_error("the secret cause");
              })});
  router.add({"GET", "/refuses/{code}/{reason}", answering([](const net::Request& r) -> Result<net::Response> {
                const Code code = r.parameter("code") == "denied"  ? Code::kPermissionDenied
                                  : r.parameter("code") == "often" ? Code::kRateLimited
                                  : r.parameter("code") == "away"  ? Code::kUnavailable
                                                                   : Code::kUnauthenticated;
                return fail(Error{code, "no", {{"reason", r.parameter("reason")}}});
              })});
  router.add({.method = "GET",
              .pattern = "/polled",
              .handler = answering([text](const net::Request&) { return text("polled"); }),
              .live_session = true});
  router.add({"GET", "/documents/{id}/sync", answering([](const net::Request& r) {
                net::Response response;
                if (r.websocket_upgrade) {
                  response.status = 101;
                  response.upgrade.emplace();
                }
                response.set("room", r.parameter("id"));
                return response;
              })});
  return router;
}

class GatewayTest : public ::testing::Test {
 protected:
  void open(GatewayOptions options = {}, std::vector<HealthCheck> checks = {}) {
    options.web_app = kPages;
    gateway_.emplace(std::move(options), test_routes(), std::move(checks), metrics_,
                     Logger(log_, LogLevel::kDebug, LogFormat::kJson));
  }
  net::Response ask(net::Request request) {
    if (!gateway_) open();
    return concord::testing::run_on(reactors_.at(), gateway_->handle(std::move(request)));
  }
  net::Response get(std::string path, std::vector<net::Header> headers = {}) {
    return ask(make_request("GET", std::move(path), std::move(headers)));
  }

  concord::testing::RunningReactors reactors_;
  Metrics metrics_;
  std::shared_ptr<net::testing::KeptLog> log_ = std::make_shared<net::testing::KeptLog>();
  std::optional<Gateway> gateway_;
};

TEST_F(GatewayTest, gives_a_request_to_its_route) {
  EXPECT_EQ(get("/things/a1").body, "thing a1");
  EXPECT_EQ(ask(make_request("HEAD", "/things/a1")).status, 200);
  EXPECT_EQ(ask(make_request("POST", "/things", {}, "body")).body, "body");
}

TEST_F(GatewayTest, a_wrong_method_is_405_with_what_the_path_takes) {
  const auto response = ask(make_request("DELETE", "/things/a1"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "allow"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(response.body, HasSubstr(R"("code":"method_not_allowed")"));
  EXPECT_EQ(header(ask(make_request("GET", "/things")), "allow"), "POST, OPTIONS");
  const auto page = ask(make_request("POST", "/sign-in"));
  EXPECT_EQ(page.status, 405);
  EXPECT_EQ(header(page, "allow"), "GET, HEAD, OPTIONS");
}

TEST_F(GatewayTest, pages_are_the_web_app_s_and_unknown_paths_of_the_api_are_404) {
  EXPECT_EQ(get("/").body, "<!doctype html>");
  EXPECT_EQ(get("/d/doc_1").body, "<!doctype html>");
  for (const char* path : {"/things/a/b", "/documents/x/y", "/health/other", "/metrics/x", "/missing.js"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(header(response, "content-type"), "application/problem+json") << path;
  }
  EXPECT_EQ(ask(make_request("POST", "/missing.js")).status, 404);
}

TEST_F(GatewayTest, tells_of_what_was_not_allowed_and_not_of_who_has_to_sign_in) {
  std::vector<std::string> told;
  GatewayOptions options;
  options.on_refused = [&told](const Refusal& refusal) {
    told.push_back(std::to_string(refusal.status) + " " + refusal.method + " " + refusal.path + " " + refusal.address +
                   " " + refusal.request_id);
  };
  open(std::move(options));
  for (const char* usual : {"missing", "expired", "revoked", "reused", "credentials"})
    EXPECT_EQ(get(std::string("/refuses/unauthenticated/") + usual).status, 401);
  get("/fails");
  get("/missing");
  EXPECT_TRUE(told.empty());
  get("/refuses/unauthenticated/signature");
  get("/refuses/denied/x", {{"authorization", "Bearer t"}});
  get("/refuses/often/x");
  EXPECT_EQ(told, (std::vector<std::string>{"401 GET /refuses/unauthenticated/signature 127.0.0.1 request-1",
                                            "403 GET /refuses/denied/x 127.0.0.1 request-1",
                                            "429 GET /refuses/often/x 127.0.0.1 request-1"}));
}

/// Knows one token, "ada".
class OneToken final : public guard::Callers {
 public:
  std::optional<guard::Caller> known(std::string_view token) override {
    return token == "ada" ? std::optional(guard::Caller{}) : std::nullopt;
  }
  asio::awaitable<std::optional<guard::Caller>> check(std::string) override { co_return std::nullopt; }
};

TEST_F(GatewayTest, answers_tell_the_rate_and_what_is_over_it_is_429) {
  OneToken tokens;
  SystemClock clock;
  guard::RequestLimits limits({.user_per_minute = 3, .anonymous_per_minute = 2}, tokens, clock, metrics_);
  std::vector<std::string> told;
  GatewayOptions options;
  options.limits = &limits;
  options.on_refused = [&told](const Refusal& refusal) {
    told.push_back((refusal.caller ? "user " : "anonymous ") + refusal.path);
  };
  open(std::move(options));
  EXPECT_EQ(header(get("/things/a1"), "ratelimit"), R"("anonymous";r=1;t=30)");
  EXPECT_EQ(header(get("/fails"), "ratelimit-policy"), R"("anonymous";q=2;w=60)");
  for (const char* path : {"/things/a1", "/missing.js", "/things/a2"}) {
    const auto over = get(path);
    EXPECT_EQ(over.status, 429) << path;
    EXPECT_EQ(header(over, "retry-after"), "30") << path;
    EXPECT_EQ(header(over, "ratelimit-remaining"), "0") << path;
    EXPECT_THAT(over.body, HasSubstr(R"("code":"rate_limited")"));
  }
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(get("/health/live").status, 200);
  EXPECT_EQ(header(get("/health/live"), "ratelimit"), "");
  const net::Header ada{"authorization", "Bearer ada"};
  EXPECT_EQ(header(get("/things/a1", {ada}), "ratelimit"), R"("user";r=2;t=20)");
  net::Request live = make_request("GET", std::string(kDocument), {ada});
  live.websocket_upgrade = true;
  const auto opened = ask(live);
  EXPECT_TRUE(opened.upgrade.has_value());
  EXPECT_EQ(header(opened, "ratelimit-remaining"), "1");
  EXPECT_EQ(ask(live).status, 101);
  EXPECT_EQ(ask(live).status, 429);
  EXPECT_EQ(told,
            (std::vector<std::string>{"anonymous /things/a1", "user /documents" + std::string(kDocument) + "/sync"}));
  EXPECT_THAT(metrics_.prometheus_text(), HasSubstr(R"(concord_guard_rate_limited_total{policy="user"} 1)"));
}

TEST_F(GatewayTest, who_calls_is_what_a_trusted_proxy_says_and_nobody_else) {
  OneToken tokens;
  SystemClock clock;
  guard::RequestLimits limits({.anonymous_per_minute = 1}, tokens, clock, metrics_);
  GatewayOptions options;
  options.limits = &limits;
  options.proxies = guard::TrustedProxies::parse("10.0.0.0/8", guard::ProxyHeader::kXForwardedFor).value();
  open(std::move(options));
  const auto from = [this](std::string peer, std::string forwarded_for) {
    net::Request request = make_request(
        "GET", "/things/a1", {{"x-forwarded-for", std::move(forwarded_for)}, {"x-forwarded-proto", "https"}});
    request.peer_address = std::move(peer);
    return ask(std::move(request));
  };
  EXPECT_EQ(from("10.0.0.1", "203.0.113.1").status, 200);
  EXPECT_EQ(from("10.0.0.1", "203.0.113.2").status, 200);
  EXPECT_EQ(from("10.0.0.1", "203.0.113.9, 203.0.113.2").status, 429);
  EXPECT_EQ(header(from("10.0.0.1", "203.0.113.3"), "strict-transport-security"), "max-age=31536000");
  EXPECT_EQ(from("192.0.2.1", "203.0.113.4").status, 200);
  EXPECT_EQ(from("192.0.2.1", "203.0.113.5").status, 429);
  EXPECT_EQ(header(from("192.0.2.1", "203.0.113.6"), "strict-transport-security"), "");
}

TEST_F(GatewayTest, errors_become_problems_with_the_request_s_id) {
  const auto response = get("/fails");
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body,
            R"({"type":"/problems/too_large","title":"Content Too Large","status":413,"detail":"too much",)"
            R"("instance":"request-1","code":"too_large","limit":7})");
}

TEST_F(GatewayTest, what_breaks_or_throws_is_500_and_told_to_the_log_alone) {
  for (const char* path : {"/breaks", "/throws"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr(R"("instance":"request-1")"));
    EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(log_->text(), HasSubstr("the secret disk"));
  EXPECT_THAT(log_->text(), HasSubstr("the secret cause"));
}

TEST_F(GatewayTest, every_answer_protects_the_browser) {
  net::Request secure = make_request("GET", "/");
  secure.secure = true;
  for (const auto& response :
       {get("/things/a1"), get("/"), get("/missing.js"), ask(secure), gateway_->refuse(400, "bad")}) {
    EXPECT_THAT(header(response, "content-security-policy"), HasSubstr("default-src 'self'"));
    EXPECT_THAT(header(response, "content-security-policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(header(response, "content-security-policy"), Not(HasSubstr("script-src")));
    EXPECT_EQ(header(response, "x-content-type-options"), "nosniff");
    EXPECT_EQ(header(response, "referrer-policy"), "no-referrer");
    EXPECT_EQ(header(response, "cross-origin-opener-policy"), "same-origin");
  }
  EXPECT_EQ(header(get("/"), "strict-transport-security"), "");
  EXPECT_EQ(header(ask(secure), "strict-transport-security"), "max-age=31536000");
  EXPECT_EQ(header(get("/things/a1"), "cache-control"), "no-store");
  EXPECT_EQ(header(get("/"), "cache-control"), "no-cache");
}

TEST_F(GatewayTest, other_origins_are_answered_without_permission_unless_configured) {
  const net::Header app{"origin", "https://app.example"};
  EXPECT_EQ(header(get("/things/a1", {app}), "access-control-allow-origin"), "");
  const net::Request preflight = make_request("OPTIONS", "/things/a1", {app, {"access-control-request-method", "GET"}});
  const auto refused = ask(preflight);
  EXPECT_EQ(refused.status, 204);
  EXPECT_EQ(header(refused, "allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(header(refused, "access-control-allow-methods"), "");
  EXPECT_EQ(header(refused, "access-control-allow-origin"), "");

  open({.allowed_origins = {"https://app.example"}});
  EXPECT_EQ(header(get("/things/a1", {app}), "access-control-allow-origin"), "https://app.example");
  const auto granted = ask(preflight);
  EXPECT_EQ(granted.status, 204);
  EXPECT_EQ(header(granted, "access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(header(granted, "access-control-allow-methods"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(header(granted, "access-control-allow-headers"), HasSubstr("authorization"));
  EXPECT_EQ(header(get("/things/a1", {{"origin", "https://evil.example"}}), "access-control-allow-origin"), "");
}

TEST_F(GatewayTest, a_live_session_is_opened_at_its_path_or_at_the_document_s_own) {
  net::Request request = make_request("GET", "/documents/d1/sync");
  request.websocket_upgrade = true;
  EXPECT_TRUE(ask(request).upgrade.has_value());
  request.path = kDocument;
  const auto room = ask(request);
  EXPECT_TRUE(room.upgrade.has_value());
  EXPECT_EQ(header(room, "room"), kDocument.substr(1));
  request.path = "/my-room";
  EXPECT_EQ(ask(request).status, 404);
  request.websocket_upgrade = false;
  request.path = kDocument;
  EXPECT_EQ(ask(request).body, "<!doctype html>");
}

TEST_F(GatewayTest, a_page_of_another_origin_opens_no_live_session) {
  net::Request request = make_request("GET", std::string(kDocument), {{"origin", "https://evil.example"}});
  request.websocket_upgrade = true;
  const auto refused = ask(request);
  EXPECT_EQ(refused.status, 403);
  EXPECT_FALSE(refused.upgrade.has_value());
  request.headers = {{"origin", "http://hub.example:8080"}};
  EXPECT_TRUE(ask(request).upgrade.has_value());
  open({.allowed_origins = {"https://app.example"}});
  request.headers = {{"origin", "https://app.example"}};
  EXPECT_TRUE(ask(request).upgrade.has_value());
}

TEST_F(GatewayTest, a_page_of_another_origin_polls_no_live_session) {
  EXPECT_EQ(get("/polled").body, "polled");
  EXPECT_EQ(get("/polled", {{"origin", "http://hub.example:8080"}}).status, 200);
  EXPECT_EQ(get("/polled", {{"origin", "https://evil.example"}}).status, 403);
  open({.allowed_origins = {"https://app.example"}});
  const auto response = get("/polled", {{"origin", "https://app.example"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "access-control-allow-origin"), "https://app.example");
}

TEST_F(GatewayTest, who_cannot_be_served_now_is_told_to_come_back_at_different_times) {
  net::Reconnects reconnects(1, 7);
  reconnects.open() = 1'000;  // so that there is a window
  GatewayOptions options;
  options.reconnects = &reconnects;
  open(std::move(options), {{"log", [] { return Result<>(fail(Code::kUnavailable, "away")); }}});
  std::set<std::string> told;
  for (int i = 0; i < 20; ++i) told.insert(header(get("/refuses/away/x"), "retry-after"));
  EXPECT_GT(told.size(), 5U);
  EXPECT_NE(header(get("/health/ready"), "retry-after"), "");
  EXPECT_EQ(header(get("/refuses/often/x"), "retry-after"), "1");
  EXPECT_EQ(header(get("/refuses/denied/x"), "retry-after"), "");
}

TEST_F(GatewayTest, is_ready_while_every_check_is_well_and_it_does_not_drain) {
  Result<> state;
  open({}, {{"log", [&state] { return state; }}, {"tables", [] { return Result<>(); }}});
  EXPECT_EQ(get("/health/ready").status, 200);
  EXPECT_EQ(get("/health").body, R"({"status":"ok","components":{"log":{"status":"ok"},"tables":{"status":"ok"}}})");
  state = fail(Code::kUnavailable, "the disk is full");
  const auto report = get("/health");
  EXPECT_EQ(report.status, 503);
  EXPECT_EQ(report.body, R"({"status":"unavailable","components":{"log":{"status":"unavailable",)"
                         R"("detail":"the disk is full"},"tables":{"status":"ok"}}})");
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(get("/health/ready").body, R"({"status":"unavailable"})");
  EXPECT_EQ(header(get("/health/ready"), "retry-after"), "1");
  EXPECT_EQ(get("/health/live").status, 200);
  state = {};
  gateway_->begin_drain();
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(get("/health/ready").body, R"({"status":"draining"})");
  EXPECT_EQ(get("/health/live").status, 200);
}

TEST_F(GatewayTest, metrics_are_for_direct_callers_on_this_machine) {
  const auto response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(header(response, "content-type"), HasSubstr("text/plain"));
  EXPECT_THAT(response.body, HasSubstr("concord_gateway_requests_total"));
  EXPECT_EQ(get("/metrics", {{"x-forwarded-for", "203.0.113.7"}}).status, 403);
  EXPECT_EQ(get("/metrics", {{"forwarded", "for=203.0.113.7"}}).status, 403);
  for (const auto& [peer, status] :
       {std::pair("203.0.113.7", 403), {"::1", 200}, {"::ffff:127.0.0.1", 200}, {"", 403}}) {
    net::Request request = make_request("GET", "/metrics");
    request.peer_address = peer;
    EXPECT_EQ(ask(request).status, status) << peer;
  }
}

TEST_F(GatewayTest, metrics_ask_for_their_token_where_there_is_one) {
  open({.metrics_token = "scrape-me"});
  EXPECT_EQ(get("/metrics").status, 401);
  for (const char* wrong : {"Bearer ", "Bearer scrape-m", "Bearer scrape-mee", "Basic scrape-me", "scrape-me"})
    EXPECT_EQ(get("/metrics", {{"authorization", wrong}}).status, 401) << wrong;
  net::Request request = make_request("GET", "/metrics", {{"authorization", "Bearer scrape-me"}});
  request.peer_address = "203.0.113.7";
  EXPECT_EQ(ask(request).status, 200);
}

TEST_F(GatewayTest, counts_by_route_and_class_of_status) {
  get("/things/a1");
  get("/things/a2");
  get("/fails");
  const std::string text = get("/metrics").body;
  EXPECT_THAT(text, HasSubstr(R"(concord_gateway_requests_total{method="GET",route="/things/{id}",status="2xx"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_gateway_requests_total{method="GET",route="/fails",status="4xx"} 1)"));
}

TEST_F(GatewayTest, bodies_are_bounded_by_their_route) {
  open({.default_body_bytes = 5000});
  EXPECT_EQ(gateway_->body_limit_bytes(make_request("POST", "/things")), 100U);
  EXPECT_EQ(gateway_->body_limit_bytes(make_request("GET", "/fails")), 5000U);
  EXPECT_GT(gateway_->body_limit_bytes(make_request("POST", "/nowhere")), 0U);
}

TEST_F(GatewayTest, serves_the_openapi_document) {
  const auto response = get("/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("\"openapi\": \"3.1.0\""));
  EXPECT_EQ(get("/openapi.json", {{"if-none-match", header(response, "etag")}}).status, 304);
}

TEST_F(GatewayTest, what_never_was_a_request_is_a_problem_too) {
  open();
  for (const int status : {400, 408, 413, 417, 426, 431, 500, 501, 503, 505}) {
    const auto response = gateway_->refuse(status, "detail");
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.body, HasSubstr("\"status\":" + std::to_string(status)));
    EXPECT_THAT(response.body, Not(HasSubstr("\"title\":\"Error\""))) << status;
  }
  EXPECT_THAT(gateway_->refuse(500, "").body, HasSubstr(R"("code":"internal")"));
  EXPECT_THAT(gateway_->refuse(413, "").body, HasSubstr(R"("code":"too_large")"));
}

TEST_F(GatewayTest, holds_behind_the_real_server) {
  open({.default_body_bytes = 5000});
  net::ServerOptions options;
  Metrics metrics;
  net::Server server(options, reactors_.all(), *gateway_, Logger(), metrics);
  ASSERT_TRUE(server.start());
  {
    net::testing::Client client(server.port());
    const auto page = client.get("/sign-in");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, "<!doctype html>");
    const auto head = client.request("HEAD /things/a1 HTTP/1.1\r\nHost: t\r\nX-Request-Id: mine\r\n\r\n");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("x-request-id"), "mine");
    EXPECT_EQ(client.get("/breaks").status, 500);
    const auto missing = client.request("POST /nowhere.x HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(missing.status, 404);
    EXPECT_THAT(missing.body, HasSubstr("\"instance\":\"" + missing.header("x-request-id") + "\""));
  }
  for (const char* target : {"/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd"}) {
    net::testing::Client client(server.port());
    const auto refused = client.get(target);
    EXPECT_GE(refused.status, 400) << target;
    EXPECT_THAT(refused.head, HasSubstr("application/problem+json")) << target;
  }
  {
    net::testing::Client client(server.port());
    const auto refused = client.request("POST /things HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n");
    EXPECT_EQ(refused.status, 413);
    EXPECT_THAT(refused.body, HasSubstr(R"("code":"too_large")"));
    EXPECT_EQ(refused.header("x-content-type-options"), "nosniff");
  }
  concord::testing::run_on(reactors_.at(), server.drain(2'000));
}

TEST(GatewaySettings, origins_are_split_and_trimmed) {
  const std::vector<std::string> flags{"--allowed-origins", "https://a.example/, http://b:1"};
  const auto config =
      Config::load({settings().begin(), settings().end()}, flags, [](std::string_view) { return std::nullopt; });
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(options_from(*config).allowed_origins, (std::vector<std::string>{"https://a.example", "http://b:1"}));
  EXPECT_EQ(options_from(*config).metrics_token, "");
}

}  // namespace
}  // namespace concord::gateway
