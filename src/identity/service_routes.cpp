#include "identity/service_routes.h"

#include <algorithm>
#include <boost/json/value.hpp>

#include "guard/request_limits.h"
#include "identity/access_tokens.h"
#include "identity/route_parts.h"
#include "net/target.h"

namespace concord::identity {

namespace {

constexpr json::TextRule kServiceName{.least = 1, .most = kMaxNameBytes};
constexpr json::TextRule kAudience{.least = 1, .most = kMaxAudienceBytes};
constexpr json::TextRule kServiceIdRule{.least = 1, .most = 64};
constexpr std::size_t kMostTokenBytes = 4096;

/// Printable ASCII without blanks.
bool is_audience(std::string_view text) {
  return !text.empty() && text.size() <= kMaxAudienceBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<std::vector<std::string>> audiences_of(const json::Object& body, std::string_view of_users) {
  const boost::json::value* value = body.raw("audiences");
  if (value == nullptr || !value->is_array() || value->get_array().empty() ||
      value->get_array().size() > Services::kMaxAudiences) {
    return fail(
        json::field_error("audiences", "must be a list of 1 to " + std::to_string(Services::kMaxAudiences) + " texts"));
  }
  std::vector<std::string> out;
  out.reserve(value->get_array().size());
  for (const boost::json::value& one : value->get_array()) {
    std::string text = one.is_string() ? std::string(one.get_string()) : std::string();
    if (!is_audience(text))
      return fail(json::field_error("audiences", "each is 1 to 128 characters of ASCII without blanks", text));
    if (text == of_users) return fail(json::field_error("audiences", "this one is that of users' tokens", text));
    if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

void write_service(json::Writer& out, const Service& service) {
  out.begin_object().field("id", service.id.str()).field("name", service.name).key("audiences").begin_array();
  for (const std::string& audience : service.audiences) out.text(audience);
  out.end().field("created_at", format_time(service.created_ms));
}

Result<ServiceId> service_of(const net::Request& request) {
  if (const auto id = ServiceId::parse(request.parameter("service"))) return *id;
  return fail(Code::kNotFound, "there is no such service");
}

/// RFC 7662, 2.1: a form. JSON is taken, too, as everywhere else.
Result<std::string> asked_token(const net::Request& request) {
  constexpr json::TextRule kRule{.least = 1, .most = kMostTokenBytes, .secret = true};
  if (!request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
    TRY(const json::Object body, body_of(request));
    return body.text("token", kRule);
  }
  auto fields = net::decode_query(request.body);
  if (!fields) return fail(json::field_error("body", "the form is malformed: " + fields.error()));
  for (auto& [name, value] : *fields) {
    if (name == "token" && !value.empty() && value.size() <= kRule.most) return std::move(value);
  }
  return fail(json::field_error("token", "must be a text of 1 to " + std::to_string(kRule.most) + " bytes"));
}

}  // namespace

void ServiceRoutes::add_to(net::Router& router) {
  add_route(router, "POST", "/services", this, &ServiceRoutes::create);
  add_route(router, "GET", "/services", this, &ServiceRoutes::list);
  add_route(router, "POST", "/services/{service}/secret", this, &ServiceRoutes::renew_secret);
  add_route(router, "DELETE", "/services/{service}", this, &ServiceRoutes::remove);
  add_route(router, "POST", "/auth/service-token", this, &ServiceRoutes::issue, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/introspect", this, &ServiceRoutes::introspect);
}

Task<Authenticated> ServiceRoutes::admin(const net::Request& request) {
  return [](Task<Authenticated> authenticating) -> Task<Authenticated> {
    CO_TRY(Authenticated who, co_await std::move(authenticating));
    if (!administers(who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
    co_return who;
  }(identity_.authenticate(request));
}

Task<> ServiceRoutes::record(std::string action, const Authenticated& who, ServiceId service, std::string name,
                             const net::Request& request) {
  audit::Event event = audit_event(std::move(action), who.principal.id, who.session, caller_of(request));
  event.target = service.str();
  if (!name.empty()) event.detail.emplace_back("name", std::move(name));
  return on_.audit.record(std::move(event));
}

Task<net::Response> ServiceRoutes::create(net::Request request) {
  CO_TRY(const Authenticated who, co_await admin(request));
  CO_TRY(const json::Object body, body_of(request));
  Service service{.id = ServiceId::make(on_.ids, Slot{}), .created_ms = on_.clock.wall_ms()};
  CO_TRY(service.name, body.text("name", kServiceName));
  CO_TRY(service.audiences, audiences_of(body, options_.audience));
  CO_TRY(const std::string secret, co_await services_.make(service));
  CO_TRY_VOID(co_await record("service.made", who, service.id, service.name, request));
  json::Writer out;
  write_service(out, service);
  out.field("secret", secret).end();
  co_return json_response(201, std::move(out).take());
}

Task<net::Response> ServiceRoutes::list(net::Request request) {
  CO_TRY(const Authenticated who, co_await admin(request));
  CO_TRY(const std::vector<Service> services, co_await services_.list());
  json::Writer out;
  out.begin_object().key("services").begin_array();
  for (const Service& service : services) {
    write_service(out, service);
    out.end();
  }
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> ServiceRoutes::renew_secret(net::Request request) {
  CO_TRY(const Authenticated who, co_await admin(request));
  CO_TRY(const ServiceId id, service_of(request));
  CO_TRY(const std::string secret, co_await services_.replace_secret(id));
  CO_TRY_VOID(co_await record("service.secret_renewed", who, id, {}, request));
  json::Writer out;
  out.begin_object().field("id", id.str()).field("secret", secret).end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> ServiceRoutes::remove(net::Request request) {
  CO_TRY(const Authenticated who, co_await admin(request));
  CO_TRY(const ServiceId id, service_of(request));
  CO_TRY(const bool removed, co_await services_.remove(id));
  if (!removed) co_return fail(Code::kNotFound, "there is no such service");
  CO_TRY_VOID(co_await record("service.removed", who, id, {}, request));
  co_return net::Response{.status = 204};
}

Task<net::Response> ServiceRoutes::issue(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(const std::string named, body.text("service", kServiceIdRule));
  CO_TRY(std::string secret, body.text("secret", kTokenRule));
  CO_TRY(const std::string audience, body.text("audience", kAudience));
  const auto id = ServiceId::parse(named);
  std::optional<Service> service;
  if (id) {
    CO_TRY(service, co_await services_.find_by_secret(*id, std::move(secret)));
  }
  if (!service) {
    const Caller caller = caller_of(request);
    on_.audit.note({.action = "service.token_issued",
                    .target = id ? id->str() : std::string(),
                    .outcome = audit::Outcome::kRefused,
                    .address = caller.address,
                    .request_id = caller.request_id});
    co_return fail(Code::kUnauthenticated, "there is no such service, or its secret is another");
  }
  if (std::ranges::find(service->audiences, audience) == service->audiences.end())
    co_return fail(
        Error{Code::kPermissionDenied, "the service may not speak to this audience", {}}.with("field", "audience"));
  CO_TRY(const std::string token, co_await on_.blocking.run<std::string>(
                                      [this, &service, &audience] { return tokens_.issue(*service, audience); }));
  json::Writer out;
  out.begin_object().field("access_token", token).field("token_type", "Bearer");
  out.field("expires_in", ServiceTokens::kLifetimeS).end();
  co_return json_response(200, std::move(out).take());
}

Task<> ServiceRoutes::require_service(std::string token) {
  if (token.empty())
    co_return refuse_token("missing", "no token of a service: send it as 'Authorization: Bearer <token>'");
  CO_TRY(const ServiceTokens::Checked checked, tokens_.check(token));
  if (checked.audience != kIntrospection) co_return refuse_token("audience", "the token is for another audience");
  CO_TRY(const auto service, co_await services_.find(checked.service));
  if (!service) co_return refuse_token("service", "the service was removed");
  co_return Result<>();
}

/// What RFC 7662 tells of a token that is good now; of any other, no more than that.
Task<std::string> ServiceRoutes::told_of(std::string token) {
  json::Writer out;
  out.begin_object();
  if (const auto checked = tokens_.check(token)) {
    CO_TRY(const auto service, co_await services_.find(checked->service));
    out.field("active", service.has_value());
    if (service) {
      out.field("kind", "service").field("sub", service->id.str()).field("aud", checked->audience);
      out.field("exp", checked->expires_ms / 1000);
    }
    out.end();
    co_return std::move(out).take();
  }
  const auto who = co_await identity_.authenticate_bearer(token);
  // Also who has to set up a second step first may do nothing now.
  const Code refused = who ? Code::kUnauthenticated : who.error().code;
  if (refused != Code::kUnauthenticated && refused != Code::kPermissionDenied) co_return fail(who.error());
  out.field("active", who.has_value());
  if (who) {
    const char* kind = !who->agent ? "user" : who->agent->link ? "visitor" : "agent";
    out.field("kind", kind).field("sub", who->actor().str()).field("aud", options_.audience);
    out.field("exp", who->expires_ms / 1000).field("role", to_string(who->principal.role));
    if (who->agent) out.field("act_for", who->principal.id.str());
  }
  out.end();
  co_return std::move(out).take();
}

Task<net::Response> ServiceRoutes::introspect(net::Request request) {
  CO_TRY_VOID(co_await require_service(std::string(guard::token_of(request))));
  CO_TRY(std::string token, asked_token(request));
  CO_TRY(std::string told, co_await told_of(std::move(token)));
  co_return json_response(200, std::move(told));
}

}  // namespace concord::identity
