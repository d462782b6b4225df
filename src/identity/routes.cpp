#include "identity/routes.h"

#include "json/object.h"
#include "json/writer.h"

namespace concord::identity {

namespace {

constexpr std::size_t kMaxBodyBytes = 16u << 10u;
constexpr json::TextRule kEmailRule{.least = 3, .most = kMaxEmailBytes};
constexpr json::TextRule kTokenRule{.least = 1, .most = 256, .secret = true};
constexpr std::size_t kMaxNameBytes = 200;

/// Without asking first, a browser sends what a page of another origin posts only as a form or as text. As JSON it
/// asks, and gets no leave. So no such page makes the first account behind its visitor's back.
bool may_be_forged(const net::Request& request) {
  return !request.header("origin").empty() && !request.header("content-type").starts_with("application/json");
}

Result<json::Object> body_of(const net::Request& request) {
  if (may_be_forged(request))
    return fail(Error{Code::kPermissionDenied, "a browser has to send this as application/json", {}}.with(
        "field", "content-type"));
  return json::Object::parse(request.body, {.max_bytes = kMaxBodyBytes, .max_values = 64, .max_depth = 4});
}

/// Never kept by a cache: what these routes answer is for one caller, once.
net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.set("content-type", "application/json");
  response.set("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

void write_user(json::Writer& out, const Account& account) {
  const Principal& who = account.principal;
  out.begin_object().field("id", who.id.str()).field("email", who.email).field("name", who.name);
  out.field("role", to_string(who.role)).field("created_at", format_time(account.created_ms)).end();
}

net::Response grant_response(int status, const Grant& grant) {
  json::Writer out;
  out.begin_object().field("access_token", grant.access_token).field("refresh_token", grant.refresh_token);
  out.field("expires_in", grant.expires_in_s).field("token_type", "Bearer").key("user");
  write_user(out, grant.account);
  out.end();
  return json_response(status, std::move(out).take());
}

Caller caller_of(const net::Request& request) {
  return {request.peer_address, request.request_id, std::string(request.header("user-agent"))};
}

Result<Email> email_of(const json::Object& body) {
  TRY(const std::string text, body.text("email", kEmailRule));
  return Email::parse(text);
}

/// Outer blanks do not count; what remains is the name, or what stands before the '@' where nothing does.
std::string display_name(std::string_view name, const Email& email) {
  const auto first = name.find_first_not_of(' ');
  if (first == std::string::npos) return email.text.substr(0, email.text.rfind('@'));
  return std::string(name.substr(first, name.find_last_not_of(' ') - first + 1));
}

Result<NewAccount> new_account(const net::Request& request, const Options& options) {
  TRY(const json::Object body, body_of(request));
  NewAccount wanted;
  TRY(wanted.email, email_of(body));
  TRY(wanted.password, body.text("password", {.least = options.password_min_bytes,
                                              .most = options.password_max_bytes,
                                              .secret = true,
                                              .any_character = true}));
  TRY(const auto name, body.optional_text("name", {.most = kMaxNameBytes}));
  wanted.name = display_name(name.value_or(""), wanted.email);
  TRY(wanted.setup_token, body.optional_text("setup_token", kTokenRule));
  return wanted;
}

}  // namespace

void Routes::add_to(net::Router& router) {
  const auto add = [&](std::string method, std::string pattern, Task<net::Response> (Routes::*handler)(net::Request)) {
    router.add({.method = std::move(method),
                .pattern = std::move(pattern),
                .handler = [this, handler](net::Request request) { return (this->*handler)(std::move(request)); },
                .body_limit_bytes = kMaxBodyBytes});
  };
  add("POST", "/auth/register", &Routes::register_account);
  add("POST", "/auth/login", &Routes::log_in);
  add("POST", "/auth/refresh", &Routes::refresh);
  add("POST", "/auth/logout", &Routes::log_out);
  add("GET", "/auth/me", &Routes::me);
  add("GET", "/auth/sessions", &Routes::list_sessions);
  add("DELETE", "/auth/sessions", &Routes::end_other_sessions);
  add("DELETE", "/auth/sessions/{session}", &Routes::end_session);
  add("GET", "/auth/setup", &Routes::setup);
  add("GET", "/.well-known/jwks.json", &Routes::jwks);
}

Task<net::Response> Routes::register_account(net::Request request) {
  CO_TRY(NewAccount wanted, new_account(request, options_));
  CO_TRY(const Grant grant, co_await sign_in_.register_account(std::move(wanted), caller_of(request)));
  co_return grant_response(201, grant);
}

Task<net::Response> Routes::log_in(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(Email email, email_of(body));
  const json::TextRule rule{.least = 1, .most = options_.password_max_bytes, .secret = true, .any_character = true};
  CO_TRY(std::string password, body.text("password", rule));
  CO_TRY(const Grant grant, co_await sign_in_.log_in(std::move(email), std::move(password), caller_of(request)));
  co_return grant_response(200, grant);
}

Task<net::Response> Routes::refresh(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string token, body.text("refresh_token", kTokenRule));
  CO_TRY(const Grant grant, co_await sign_in_.refresh(std::move(token), caller_of(request)));
  co_return grant_response(200, grant);
}

Task<net::Response> Routes::log_out(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string token, body.text("refresh_token", kTokenRule));
  CO_TRY_VOID(co_await sign_in_.log_out(std::move(token), caller_of(request)));
  net::Response response;
  response.status = 204;
  co_return response;
}

Task<net::Response> Routes::me(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const std::optional<Account> account, co_await accounts_.find(who.principal.id));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  json::Writer out;
  write_user(out, *account);
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Routes::list_sessions(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const std::vector<SessionRow> sessions, co_await sign_in_.sessions(who.principal.id));
  json::Writer out;
  out.begin_object().key("sessions").begin_array();
  for (const SessionRow& session : sessions) {
    out.begin_object().field("id", session.id.str()).field("current", session.id == who.session);
    out.field("address", session.origin.address).field("user_agent", session.origin.user_agent);
    out.field("created_at", format_time(session.created_ms)).field("refreshed_at", format_time(session.refreshed_ms));
    out.field("expires_at", format_time(session.expires_ms)).end();
  }
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Routes::end_session(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  const auto session = SessionId::parse(request.parameter("session"));
  if (!session) co_return fail(Code::kNotFound, "you have no such session");
  CO_TRY_VOID(co_await sign_in_.end_session(who.principal.id, *session, caller_of(request)));
  co_return net::Response{.status = 204};
}

Task<net::Response> Routes::end_other_sessions(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const std::size_t ended,
         co_await sign_in_.end_other_sessions(who.principal.id, who.session, caller_of(request)));
  json::Writer out;
  out.begin_object().field("ended", static_cast<std::int64_t>(ended)).end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Routes::setup(net::Request) {
  CO_TRY(const SignIn::Setup state, co_await sign_in_.setup());
  json::Writer out;
  out.begin_object().field("needs_owner", state.needs_owner);
  out.field("setup_token_required", state.setup_token_required);
  out.field("registration", state.registration_open ? "open" : "closed").end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Routes::jwks(net::Request) {
  net::Response response = json_response(200, tokens_.jwks());
  response.headers.back().value = "public, max-age=300";
  co_return response;
}

}  // namespace concord::identity
