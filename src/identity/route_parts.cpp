#include "identity/route_parts.h"

namespace concord::identity {

namespace {

/// Without asking first, a browser sends what a page of another origin posts only as a form or as text. As JSON it
/// asks, and gets no leave. So no such page makes the first account behind its visitor's back.
bool may_be_forged(const net::Request& request) {
  return !request.header("origin").empty() && !request.header("content-type").starts_with("application/json");
}

}  // namespace

Result<json::Object> body_of(const net::Request& request) {
  if (may_be_forged(request))
    return fail(Error{Code::kPermissionDenied, "a browser has to send this as application/json", {}}.with(
        "field", "content-type"));
  return json::Object::parse(request.body, {.max_bytes = kMaxBodyBytes, .max_values = 64, .max_depth = 4});
}

Result<Email> email_of(const json::Object& body) {
  TRY(const std::string text, body.text("email", {.least = 3, .most = kMaxEmailBytes}));
  return Email::parse(text);
}

std::string display_name(std::string_view name, const Email& email) {
  const auto first = name.find_first_not_of(' ');
  if (first == std::string::npos) return email.text.substr(0, email.text.rfind('@'));
  return std::string(name.substr(first, name.find_last_not_of(' ') - first + 1));
}

json::TextRule password_rule(const Options& options) {
  return {.least = 1, .most = options.password_max_bytes, .secret = true, .any_character = true};
}

json::TextRule new_password_rule(const Options& options) {
  json::TextRule rule = password_rule(options);
  rule.least = options.password_min_bytes;
  return rule;
}

Result<std::optional<std::string>> password_of(const json::Object& body, const Options& options) {
  return body.optional_text("password", password_rule(options));
}

Result<UserId> user_of(const net::Request& request) {
  const auto id = UserId::parse(request.parameter("user"));
  if (!id) return fail(Code::kNotFound, "nobody here has that identifier");
  return *id;
}

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.set("content-type", "application/json");
  response.set("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

Caller caller_of(const net::Request& request) {
  return {request.peer_address, request.request_id, std::string(request.header("user-agent"))};
}

void write_session(json::Writer& out, const SessionRow& session, SessionId current) {
  out.begin_object().field("id", session.id.str()).field("current", session.id == current);
  out.field("address", session.origin.address).field("user_agent", session.origin.user_agent);
  out.field("created_at", format_time(session.created_ms)).field("refreshed_at", format_time(session.refreshed_ms));
  out.field("expires_at", format_time(session.expires_ms)).end();
}

void write_user_fields(json::Writer& out, const Account& account) {
  const Principal& who = account.principal;
  out.begin_object().field("id", who.id.str()).field("email", who.email).field("name", who.name);
  out.field("role", to_string(who.role)).field("email_verified", account.verified_ms.has_value());
  out.field("active", !account.deactivated_ms.has_value()).field("created_at", format_time(account.created_ms));
}

void write_user(json::Writer& out, const Account& account) {
  write_user_fields(out, account);
  out.end();
}

net::Response grant_response(int status, const Grant& grant) {
  json::Writer out;
  out.begin_object().field("access_token", grant.access_token).field("refresh_token", grant.refresh_token);
  out.field("expires_in", grant.expires_in_s).field("token_type", "Bearer").key("user");
  write_user(out, grant.account);
  out.end();
  return json_response(status, std::move(out).take());
}

}  // namespace concord::identity
