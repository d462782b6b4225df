#include "identity/routes.h"

#include "identity/route_parts.h"

namespace concord::identity {

namespace {

net::Response second_step_response(const SecondStep& step, const std::optional<std::string>& passkey) {
  json::Writer out;
  out.begin_object().key("second_factor").begin_array();
  if (passkey) out.text("passkey");
  if (step.factors.totp) out.text("totp");
  if (step.factors.recovery_codes > 0) out.text("recovery");
  out.end().field("ticket", step.ticket).field("expires_in", Tickets::kLifetimeMs / 1000);
  if (passkey) out.key("publicKey").raw(*passkey);
  out.end();
  return json_response(200, std::move(out).take());
}

Result<NewAccount> new_account(const net::Request& request, const Options& options) {
  TRY(const json::Object body, body_of(request));
  NewAccount wanted;
  TRY(wanted.email, email_of(body));
  TRY(wanted.password, body.text("password", new_password_rule(options)));
  TRY(const auto name, body.optional_text("name", {.most = kMaxNameBytes}));
  wanted.name = display_name(name.value_or(""), wanted.email);
  TRY(wanted.setup_token, body.optional_text("setup_token", kTokenRule));
  TRY(wanted.invitation, body.optional_text("invitation", kTokenRule));
  return wanted;
}

}  // namespace

void Routes::add_to(net::Router& router) {
  add_route(router, "POST", "/auth/register", this, &Routes::register_account, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/login", this, &Routes::log_in, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/refresh", this, &Routes::refresh);
  add_route(router, "POST", "/auth/logout", this, &Routes::log_out);
  add_route(router, "GET", "/auth/me", this, &Routes::me);
  add_route(router, "GET", "/auth/sessions", this, &Routes::list_sessions);
  add_route(router, "DELETE", "/auth/sessions", this, &Routes::end_other_sessions);
  add_route(router, "DELETE", "/auth/sessions/{session}", this, &Routes::end_session);
  add_route(router, "GET", "/auth/setup", this, &Routes::setup);
}

Task<net::Response> Routes::register_account(net::Request request) {
  CO_TRY(NewAccount wanted, new_account(request, options_));
  CO_TRY(const Grant grant, co_await sign_in_.register_account(std::move(wanted), caller_of(request)));
  co_await changes_.welcome(grant.account);
  co_return grant_response(201, grant);
}

Task<net::Response> Routes::log_in(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(Email email, email_of(body));
  CO_TRY(std::string password, body.text("password", password_rule(options_)));
  CO_TRY(auto signed_in, co_await sign_in_.log_in(std::move(email), std::move(password), caller_of(request)));
  co_return co_await answer(std::move(signed_in), 200);
}

Task<net::Response> Routes::answer(std::variant<Grant, SecondStep> signed_in, int status) {
  if (const auto* step = std::get_if<SecondStep>(&signed_in)) {
    CO_TRY(const auto passkey, co_await passkeys_.step_options(step->user, step->ticket));
    co_return second_step_response(*step, passkey);
  }
  co_return grant_response(status, std::get<Grant>(signed_in));
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
  CO_TRY(const Authenticated who, co_await identity_.authenticate_setting_up(request));
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
  for (const SessionRow& session : sessions) write_session(out, session, who.session);
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
  out.field("registration", to_string(state.registration)).field("mail", changes_.sends_mail());
  out.key("passkeys_at");
  if (const auto at = passkeys_.works_at()) {
    out.text(*at);
  } else {
    out.null();
  }
  out.end();
  co_return json_response(200, std::move(out).take());
}

}  // namespace concord::identity
