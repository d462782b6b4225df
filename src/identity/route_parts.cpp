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

void write_user(json::Writer& out, const Account& account) {
  const Principal& who = account.principal;
  out.begin_object().field("id", who.id.str()).field("email", who.email).field("name", who.name);
  out.field("role", to_string(who.role)).field("created_at", format_time(account.created_ms)).end();
}

}  // namespace concord::identity
