#include "identity/agent_routes.h"

#include <algorithm>
#include <boost/json.hpp>

#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr std::int64_t kMaxPerMinute = 1'000'000;
constexpr json::TextRule kAgentName{.least = 1, .most = kMaxNameBytes};

/// kEverything, or what looks like an identifier: "doc_" and 26 characters. That it exists is not asked: what does not
/// gives nothing, and may be another's secret.
bool is_thing(std::string_view text) {
  if (text == kEverything) return true;
  const std::size_t split = text.find('_');
  if (split == std::string_view::npos || split == 0 || split > 8 || text.size() - split != 27) return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Result<Scope> scope_of(const boost::json::value& value) {
  const auto text = [&value](std::string_view name) -> std::string {
    const boost::json::value* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
    return field != nullptr && field->is_string() ? std::string(field->get_string()) : std::string();
  };
  Scope scope{.thing = text("thing")};
  const std::string most = text("permission");
  const auto permission = parse_permission(most);
  if (!is_thing(scope.thing))
    return fail(json::field_error("scopes", "each has a `thing`: an identifier, or * for everything", scope.thing));
  if (!permission)
    return fail(json::field_error("scopes", "each has a `permission`: read, comment, suggest or write", most));
  scope.most = *permission;
  return scope;
}

Result<std::optional<std::vector<Scope>>> scopes_field(const json::Object& body) {
  const boost::json::value* value = body.raw("scopes");
  if (value == nullptr) return std::optional<std::vector<Scope>>();
  if (!value->is_array() || value->get_array().empty() || value->get_array().size() > Agents::kMaxScopes)
    return fail(json::field_error("scopes", "must be a list of 1 to " + std::to_string(Agents::kMaxScopes)));
  std::vector<Scope> scopes;
  scopes.reserve(value->get_array().size());
  for (const boost::json::value& one : value->get_array()) {
    TRY(Scope scope, scope_of(one));
    scopes.push_back(std::move(scope));
  }
  return std::optional(std::move(scopes));
}

/// Takes over what the body names: `name`, `scopes`, `per_minute`, and `expires_at`, of which null means never.
Result<> take_over(const json::Object& body, std::int64_t now_ms, AgentRow& row) {
  TRY(auto name, body.optional_text("name", kAgentName));
  if (name) row.agent.name = std::move(*name);
  TRY(auto scopes, scopes_field(body));
  if (scopes) row.agent.scopes = std::move(*scopes);
  TRY(const auto per_minute, body.optional_integer("per_minute", 0, kMaxPerMinute));
  if (per_minute) row.agent.per_minute = *per_minute;
  TRY(const auto expires, body.optional_text("expires_at", {.least = 1, .most = 32}));
  if (!expires) {
    if (const auto* null = body.raw("expires_at"); null != nullptr) row.expires_ms = 0;
    return {};
  }
  const auto time = parse_time(*expires);
  if (!time) return fail(json::field_error("expires_at", "must be a time such as 2026-11-20T12:00:00Z", *expires));
  if (*time <= now_ms) return fail(json::field_error("expires_at", "must be in the future", *expires));
  row.expires_ms = *time;
  return {};
}

/// With the token where there is one to show.
std::string agent_json(const AgentRow& row, const std::string* token = nullptr) {
  json::Writer out;
  out.begin_object().field("id", row.agent.id.str()).field("name", row.agent.name).key("scopes").begin_array();
  for (const Scope& scope : row.agent.scopes)
    out.begin_object().field("thing", scope.thing).field("permission", to_string(scope.most)).end();
  out.end().field("per_minute", row.agent.per_minute).field("created_at", format_time(row.created_ms));
  out.key("expires_at");
  if (row.expires_ms == 0) {
    out.null();
  } else {
    out.text(format_time(row.expires_ms));
  }
  if (token != nullptr) out.field("token", *token);
  out.end();
  return std::move(out).take();
}

}  // namespace

void AgentRoutes::add_to(net::Router& router) {
  add_route(router, "POST", "/agents", this, &AgentRoutes::create);
  add_route(router, "GET", "/agents", this, &AgentRoutes::list);
  add_route(router, "GET", "/agents/{agent}", this, &AgentRoutes::read);
  add_route(router, "PATCH", "/agents/{agent}", this, &AgentRoutes::change);
  add_route(router, "POST", "/agents/{agent}/token", this, &AgentRoutes::renew_token);
  add_route(router, "DELETE", "/agents/{agent}", this, &AgentRoutes::remove);
}

Task<AgentRoutes::Asked> AgentRoutes::asked(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  const auto id = AgentId::parse(request.parameter("agent"));
  if (!id) co_return fail(Code::kNotFound, "you have no such agent");
  CO_TRY(auto row, co_await agents_.find(who.principal.id, *id));
  if (!row) co_return fail(Code::kNotFound, "you have no such agent");
  co_return Asked{std::move(who.principal), std::move(*row)};
}

Task<> AgentRoutes::record(std::string action, const Principal& who, const AgentRow& row, const net::Request& request) {
  audit::Event event = audit_event(std::move(action), who.id, caller_of(request));
  event.target = row.agent.id.str();
  event.detail.emplace_back("name", row.agent.name);
  for (const Scope& scope : row.agent.scopes) event.detail.emplace_back(scope.thing, to_string(scope.most));
  return on_.audit.record(std::move(event));
}

Task<net::Response> AgentRoutes::create(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY_VOID(body.text("name", kAgentName));
  if (!body.has("scopes")) co_return fail(json::field_error("scopes", "is required"));
  const std::int64_t now_ms = on_.clock.wall_ms();
  const std::string token = Agents::make_token();
  AgentRow row{.agent = {.id = AgentId::make(on_.ids, who.principal.id.slot())},
               .owner = who.principal.id,
               .created_ms = now_ms,
               .token_hash = Agents::token_hash(token)};
  CO_TRY_VOID(take_over(body, now_ms, row));
  CO_TRY_VOID(co_await agents_.create(row));
  CO_TRY_VOID(co_await record("agent.created", who.principal, row, request));
  net::Response response = json_response(201, agent_json(row, &token));
  response.set("location", "/agents/" + row.agent.id.str());
  co_return response;
}

Task<net::Response> AgentRoutes::list(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const std::vector<AgentRow> rows, co_await agents_.list(who.principal.id));
  json::Writer out;
  out.begin_object().key("agents").begin_array();
  for (const AgentRow& row : rows) out.raw(agent_json(row));
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> AgentRoutes::read(net::Request request) {
  CO_TRY(const Asked one, co_await asked(request));
  co_return json_response(200, agent_json(one.row));
}

Task<net::Response> AgentRoutes::change(net::Request request) {
  CO_TRY(Asked one, co_await asked(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY_VOID(take_over(body, on_.clock.wall_ms(), one.row));
  CO_TRY_VOID(co_await agents_.change(one.row));
  changed_(std::nullopt);
  CO_TRY_VOID(co_await record("agent.changed", one.who, one.row, request));
  co_return json_response(200, agent_json(one.row));
}

Task<net::Response> AgentRoutes::renew_token(net::Request request) {
  CO_TRY(const Asked one, co_await asked(request));
  const std::string token = Agents::make_token();
  CO_TRY_VOID(co_await agents_.replace_token(one.row, Agents::token_hash(token)));
  changed_(session_of(one.row.token_hash));
  CO_TRY_VOID(co_await record("agent.token_renewed", one.who, one.row, request));
  co_return json_response(200, agent_json(one.row, &token));
}

Task<net::Response> AgentRoutes::remove(net::Request request) {
  CO_TRY(const Asked one, co_await asked(request));
  CO_TRY_VOID(co_await agents_.remove(one.row, on_.clock.wall_ms()));
  changed_(session_of(one.row.token_hash));
  CO_TRY_VOID(co_await record("agent.removed", one.who, one.row, request));
  co_return net::Response{.status = 204};
}

}  // namespace concord::identity
