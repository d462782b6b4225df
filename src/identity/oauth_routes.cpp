#include "identity/oauth_routes.h"

#include <algorithm>

#include "identity/one_time_secret.h"
#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr std::string_view kCookie = "concord-oauth";
constexpr std::string_view kSecureCookie = "__Host-concord-oauth";
constexpr std::size_t kMaxCode = 4096;

std::string query_text(const net::Request& request, std::string_view name) {
  const std::string_view value = request.query_value(name).value_or("");
  return std::string(value.size() <= kMaxCode ? value : std::string_view());
}

/// Nothing that led here is told to the page it leads to, and no cache keeps it.
net::Response redirect(std::string location) {
  net::Response response;
  response.status = 303;
  response.set("location", std::move(location));
  response.set("cache-control", "no-store");
  return response;
}

}  // namespace

std::string cookie_secret(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (!pair.starts_with(name) || pair.size() != name.size() + 1 + kOneTimeSecretBytes || pair[name.size()] != '=')
      continue;
    const std::string_view value = pair.substr(name.size() + 1);
    const bool is_secret = std::ranges::all_of(value, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (is_secret) return std::string(value);
  }
  return {};
}

void write_connections(json::Writer& out, const OAuthSignIn& oauth, const std::vector<OAuthConnection>& connections) {
  out.begin_array();
  for (const OAuthConnection& one : connections) {
    const Provider* provider = oauth.find(one.provider);
    out.begin_object().field("provider", one.provider);
    out.field("label", provider != nullptr ? provider->label : one.provider).field("email", one.email);
    out.field("connected_at", format_time(one.created_ms)).end();
  }
  out.end();
}

OAuthRoutes::OAuthRoutes(const Options& options, Identity& identity, OAuthSignIn& oauth, AccountChanges& changes,
                         AnswerSignIn answer)
    : options_(options),
      identity_(identity),
      oauth_(oauth),
      changes_(changes),
      answer_(std::move(answer)),
      secure_(options.public_url.starts_with("https://")) {}

void OAuthRoutes::add_to(net::Router& router) {
  constexpr auto kSignIn = net::Rate::kSignIn;
  add_route(router, "GET", "/auth/oauth", this, &OAuthRoutes::list);
  add_route(router, "GET", "/auth/oauth/{provider}", this, &OAuthRoutes::depart, kSignIn);
  add_route(router, "GET", "/auth/oauth/{provider}/callback", this, &OAuthRoutes::arrive, kSignIn);
  add_route(router, "POST", "/auth/login/oauth", this, &OAuthRoutes::finish, kSignIn);
  add_route(router, "GET", "/auth/me/oauth", this, &OAuthRoutes::ways_in);
  add_route(router, "POST", "/auth/me/oauth", this, &OAuthRoutes::connect);
  add_route(router, "POST", "/auth/me/oauth/{provider}", this, &OAuthRoutes::begin_connecting, kSignIn);
  add_route(router, "DELETE", "/auth/me/oauth/{provider}", this, &OAuthRoutes::disconnect);
}

Result<const Provider*> OAuthRoutes::provider_of(const net::Request& request) const {
  const Provider* provider = oauth_.find(request.parameter("provider"));
  if (provider == nullptr) return fail(Code::kNotFound, "nobody signs in to this hub by that service");
  return provider;
}

std::string OAuthRoutes::browser_of(const net::Request& request) const {
  return cookie_secret(request.header("cookie"), secure_ ? kSecureCookie : kCookie);
}

void OAuthRoutes::keep_browser(net::Response& response, const std::string& browser) const {
  std::string cookie(secure_ ? kSecureCookie : kCookie);
  cookie += "=" + browser + "; Path=/; Max-Age=" + std::to_string(OAuthAttempts::kAttemptMs / 1000) +
            "; HttpOnly; SameSite=Lax";
  if (secure_) cookie += "; Secure";
  response.set("set-cookie", std::move(cookie));
}

Task<net::Response> OAuthRoutes::list(net::Request) {
  json::Writer out;
  out.begin_object().key("providers").begin_array();
  for (const Provider& one : oauth_.providers())
    out.begin_object().field("name", one.name).field("label", one.label).end();
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> OAuthRoutes::depart(net::Request request) {
  CO_TRY(const Provider* provider, provider_of(request));
  std::string browser = browser_of(request);  // of another tab, too
  if (browser.empty()) browser = make_one_time_secret();
  auto location = co_await oauth_.depart(*provider, browser, std::nullopt);
  if (!location) co_return redirect("/sign-in#oauth-problem=unanswered");
  net::Response response = redirect(std::move(*location));
  keep_browser(response, browser);
  co_return response;
}

Task<net::Response> OAuthRoutes::arrive(net::Request request) {
  CO_TRY(const Provider* provider, provider_of(request));
  OAuthSignIn::Answer answer{.state = query_text(request, "state"),
                             .code = query_text(request, "code"),
                             .error = query_text(request, "error"),
                             .issuer = query_text(request, "iss")};
  CO_TRY(const auto arrived,
         co_await oauth_.arrive(*provider, std::move(answer), browser_of(request), caller_of(request)));
  std::string page = arrived.linking ? "/account#" : "/sign-in#";
  page += arrived.problem.empty() ? "oauth=" + arrived.ticket : "oauth-problem=" + arrived.problem;
  co_return redirect(std::move(page));
}

Task<net::Response> OAuthRoutes::finish(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string ticket, body.text("ticket", kTokenRule));
  OAuthSignIn::Newcomer newcomer;
  CO_TRY(newcomer.setup_token, body.optional_text("setup_token", kTokenRule));
  CO_TRY(newcomer.invitation, body.optional_text("invitation", kTokenRule));
  CO_TRY(auto done,
         co_await oauth_.finish(std::move(ticket), browser_of(request), std::move(newcomer), caller_of(request)));
  if (done.registered) co_await changes_.welcome(std::get<Grant>(done.outcome).account);
  co_return co_await answer_(std::move(done.outcome), done.registered ? 201 : 200);
}

Task<net::Response> OAuthRoutes::ways_response(UserId user) {
  CO_TRY(const auto ways, co_await oauth_.ways_in(user));
  json::Writer out;
  out.begin_object().field("password", ways.password).key("connections");
  write_connections(out, oauth_, ways.connections);
  out.end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> OAuthRoutes::ways_in(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  co_return co_await ways_response(who.principal.id);
}

Task<net::Response> OAuthRoutes::begin_connecting(net::Request request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  const UserId user = who.principal.id;
  CO_TRY(const Provider* provider, provider_of(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  const Acting by{std::move(who), caller_of(request)};
  CO_TRY_VOID(co_await oauth_.prove(by, std::move(password)));
  std::string browser = browser_of(request);
  if (browser.empty()) browser = make_one_time_secret();
  CO_TRY(const std::string location, co_await oauth_.depart(*provider, browser, user));
  json::Writer out;
  out.begin_object().field("location", location).end();
  net::Response response = json_response(200, std::move(out).take());
  keep_browser(response, browser);
  co_return response;
}

Task<net::Response> OAuthRoutes::connect(net::Request request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  const UserId user = who.principal.id;
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string ticket, body.text("ticket", kTokenRule));
  CO_TRY_VOID(co_await oauth_.connect({std::move(who), caller_of(request)}, std::move(ticket), browser_of(request)));
  co_return co_await ways_response(user);
}

Task<net::Response> OAuthRoutes::disconnect(net::Request request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  Acting by{std::move(who), caller_of(request)};
  CO_TRY_VOID(co_await oauth_.prove(by, std::move(password)));
  CO_TRY_VOID(co_await oauth_.disconnect(std::move(by), request.parameter("provider")));
  co_return net::Response{.status = 204};
}

}  // namespace concord::identity
