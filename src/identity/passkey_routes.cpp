#include "identity/passkey_routes.h"

#include "crypto/base64.h"
#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr std::size_t kMaxAnswerField = 12'000;

Result<Bytes> bytes_of(const json::Object& body, std::string_view field) {
  TRY(const std::string text, body.text(field, {.least = 1, .most = kMaxAnswerField, .secret = true}));
  auto bytes = crypto::base64url_decode(text);
  if (!bytes) return fail(json::field_error(field, "must be base64url without padding"));
  return std::move(*bytes);
}

net::Response options_response(const std::string& options) {
  json::Writer out;
  out.begin_object().key("publicKey").raw(options).end();
  return json_response(200, std::move(out).take());
}

}  // namespace

Result<PasskeyAnswer> registration_of(const json::Object& body) {
  TRY(const json::Object credential, body.object("credential"));
  PasskeyAnswer answer;
  TRY(answer.credential_id, bytes_of(credential, "id"));
  TRY(answer.client_data, bytes_of(credential, "clientDataJSON"));
  TRY(answer.attestation_object, bytes_of(credential, "attestationObject"));
  return answer;
}

Result<PasskeyAnswer> assertion_of(const json::Object& body) {
  TRY(const json::Object credential, body.object("credential"));
  PasskeyAnswer answer;
  TRY(answer.credential_id, bytes_of(credential, "id"));
  TRY(answer.client_data, bytes_of(credential, "clientDataJSON"));
  TRY(answer.authenticator_data, bytes_of(credential, "authenticatorData"));
  TRY(answer.signature, bytes_of(credential, "signature"));
  if (credential.has("userHandle")) {
    TRY(answer.user_handle, bytes_of(credential, "userHandle"));
  }
  return answer;
}

void write_passkey(json::Writer& out, const Passkey& passkey) {
  out.begin_object().field("id", passkey.id).field("name", passkey.name);
  out.field("created_at", format_time(passkey.created_ms)).key("used_at");
  if (passkey.used_ms) {
    out.text(format_time(*passkey.used_ms));
  } else {
    out.null();
  }
  out.end();
}

void PasskeyRoutes::add_to(net::Router& router) {
  add_route(router, "POST", "/auth/passkeys/options", this, &PasskeyRoutes::registration_options);
  add_route(router, "POST", "/auth/passkeys", this, &PasskeyRoutes::add);
  add_route(router, "PATCH", "/auth/passkeys/{passkey}", this, &PasskeyRoutes::rename);
  add_route(router, "DELETE", "/auth/passkeys/{passkey}", this, &PasskeyRoutes::remove);
  add_route(router, "POST", "/auth/login/passkey/options", this, &PasskeyRoutes::sign_in_options, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/login/passkey", this, &PasskeyRoutes::sign_in, net::Rate::kSignIn);
}

Task<Acting> PasskeyRoutes::acting(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  co_return Acting{std::move(who), caller_of(request)};
}

Task<Acting> PasskeyRoutes::setting_up(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate_setting_up(request));
  co_return Acting{std::move(who), caller_of(request)};
}

Task<net::Response> PasskeyRoutes::registration_options(net::Request request) {
  CO_TRY(Acting by, co_await setting_up(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY(const std::string options, co_await passkeys_.registration_options(std::move(by), std::move(password)));
  co_return options_response(options);
}

Task<net::Response> PasskeyRoutes::add(net::Request request) {
  CO_TRY(Acting by, co_await setting_up(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string name, body.text("name", {.least = 1, .most = kMaxNameBytes}));
  CO_TRY(PasskeyAnswer answer, registration_of(body));
  CO_TRY(const Passkeys::Added added, co_await passkeys_.add(std::move(by), std::move(name), std::move(answer)));
  json::Writer out;
  out.begin_object().key("passkey");
  write_passkey(out, added.passkey);
  out.key("recovery_codes").begin_array();
  for (const std::string& code : added.recovery_codes) out.text(code);
  out.end().end();
  co_return json_response(201, std::move(out).take());
}

Task<net::Response> PasskeyRoutes::rename(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string name, body.text("name", {.least = 1, .most = kMaxNameBytes}));
  CO_TRY(const Passkey renamed,
         co_await passkeys_.rename(std::move(by), std::string(request.parameter("passkey")), std::move(name)));
  json::Writer out;
  write_passkey(out, renamed);
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> PasskeyRoutes::remove(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY_VOID(co_await passkeys_.remove(std::move(by), std::string(request.parameter("passkey")), std::move(password)));
  co_return net::Response{.status = 204};
}

Task<net::Response> PasskeyRoutes::sign_in_options(net::Request request) {
  CO_TRY_VOID(body_of(request));  // none is wanted; a page of another origin is
  CO_TRY(const std::string options, co_await passkeys_.sign_in_options(caller_of(request)));
  co_return options_response(options);
}

Task<net::Response> PasskeyRoutes::sign_in(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(PasskeyAnswer answer, assertion_of(body));
  CO_TRY(const Grant grant, co_await passkeys_.sign_in(std::move(answer), caller_of(request)));
  co_return grant_response(200, grant);
}

}  // namespace concord::identity
