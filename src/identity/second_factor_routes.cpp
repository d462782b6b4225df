#include "identity/second_factor_routes.h"

#include "identity/passkey_routes.h"
#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr json::TextRule kCodeRule{.least = 1, .most = 64, .secret = true};

net::Response recovery_codes(const std::vector<std::string>& codes) {
  json::Writer out;
  out.begin_object().key("recovery_codes").begin_array();
  for (const std::string& code : codes) out.text(code);
  out.end().end();
  return json_response(200, std::move(out).take());
}

}  // namespace

void SecondFactorRoutes::add_to(net::Router& router) {
  add_route(router, "GET", "/auth/second-factor", this, &SecondFactorRoutes::show);
  add_route(router, "POST", "/auth/second-factor/totp", this, &SecondFactorRoutes::begin_totp);
  add_route(router, "POST", "/auth/second-factor/totp/confirm", this, &SecondFactorRoutes::confirm_totp);
  add_route(router, "DELETE", "/auth/second-factor/totp", this, &SecondFactorRoutes::disable_totp);
  add_route(router, "POST", "/auth/second-factor/recovery-codes", this, &SecondFactorRoutes::renew_recovery_codes);
  add_route(router, "POST", "/auth/login/second-factor", this, &SecondFactorRoutes::log_in, net::Rate::kSignIn);
  add_route(router, "DELETE", "/users/{user}/second-factor", this, &SecondFactorRoutes::reset);
}

Task<Acting> SecondFactorRoutes::acting(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  co_return Acting{std::move(who), caller_of(request)};
}

Task<Acting> SecondFactorRoutes::setting_up(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate_setting_up(request));
  co_return Acting{std::move(who), caller_of(request)};
}

Task<net::Response> SecondFactorRoutes::show(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate_setting_up(request));
  CO_TRY(const Factors factors, co_await factors_.of(who.principal.id));
  CO_TRY(const std::vector<Passkey> passkeys, co_await passkeys_.list(who.principal.id));
  CO_TRY(const bool password, co_await factors_.has_password(who.principal.id));
  json::Writer out;
  out.begin_object().field("totp", factors.totp).field("recovery_codes", factors.recovery_codes);
  out.key("passkeys").begin_array();
  for (const Passkey& one : passkeys) write_passkey(out, one);
  out.end().field("password", password).end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> SecondFactorRoutes::begin_totp(net::Request request) {
  CO_TRY(Acting by, co_await setting_up(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY(const SecondFactor::Enrolment made, co_await factors_.begin_totp(std::move(by), std::move(password)));
  json::Writer out;
  out.begin_object().field("secret", made.secret).field("uri", made.uri).end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> SecondFactorRoutes::confirm_totp(net::Request request) {
  CO_TRY(Acting by, co_await setting_up(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string code, body.text("code", kCodeRule));
  CO_TRY(const std::vector<std::string> codes, co_await factors_.confirm_totp(std::move(by), std::move(code)));
  co_return recovery_codes(codes);
}

Task<net::Response> SecondFactorRoutes::disable_totp(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY(std::string code, body.text("code", kCodeRule));
  CO_TRY_VOID(co_await factors_.disable_totp(std::move(by), std::move(password), std::move(code)));
  co_return net::Response{.status = 204};
}

Task<net::Response> SecondFactorRoutes::renew_recovery_codes(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY(std::string code, body.text("code", kCodeRule));
  CO_TRY(const std::vector<std::string> codes,
         co_await factors_.renew_recovery_codes(std::move(by), std::move(password), std::move(code)));
  co_return recovery_codes(codes);
}

Task<net::Response> SecondFactorRoutes::reset(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  if (!administers(by.who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
  CO_TRY(const UserId user, user_of(request));
  CO_TRY_VOID(co_await factors_.reset(std::move(by), user));
  co_return net::Response{.status = 204};
}

Task<net::Response> SecondFactorRoutes::log_in(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string ticket, body.text("ticket", kTokenRule));
  SecondStepProof proof;
  if (body.has("credential")) {
    CO_TRY(proof.passkey, assertion_of(body));
  } else {
    CO_TRY(proof.code, body.text("code", kCodeRule));
  }
  CO_TRY(const Grant grant, co_await factors_.log_in(std::move(ticket), std::move(proof), caller_of(request)));
  co_return grant_response(200, grant);
}

}  // namespace concord::identity
