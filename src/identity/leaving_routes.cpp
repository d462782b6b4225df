#include "identity/leaving_routes.h"

#include "identity/oauth_routes.h"
#include "identity/passkey_routes.h"
#include "identity/route_parts.h"

namespace concord::identity {

void LeavingRoutes::add_to(net::Router& router) {
  add_route(router, "GET", "/auth/me/export", this, &LeavingRoutes::export_all);
  add_route(router, "DELETE", "/auth/me", this, &LeavingRoutes::remove);
}

Task<> LeavingRoutes::write_groups(json::Writer& out, UserId user) {
  CO_TRY(const Membership membership, co_await groups_.membership(user));
  out.key("groups").begin_array();
  for (const GroupId id : membership.groups) {
    CO_TRY(const auto group, co_await groups_.find(id));
    if (group) out.begin_object().field("id", id.str()).field("name", group->name).end();
  }
  out.end();
  co_return Result<>();
}

Task<net::Response> LeavingRoutes::export_all(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  const UserId user = who.principal.id;
  CO_TRY(const std::optional<Account> account, co_await accounts_.find(user));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  CO_TRY(const std::vector<SessionRow> sessions, co_await sign_in_.sessions(user));
  CO_TRY(const std::vector<AgentRow> agents, co_await agents_.list(user));
  CO_TRY(const std::vector<Passkey> passkeys, co_await passkeys_.list(user));
  ExportedDocuments documents;
  if (documents_) {
    CO_TRY(documents, co_await documents_(user, std::string(request.query_value("after").value_or(""))));
  }
  json::Writer out;
  out.begin_object().key("account");
  write_user(out, *account);
  out.key("sign_ins").begin_array();
  for (const SessionRow& session : sessions) write_session(out, session, who.session);
  out.end();
  CO_TRY(const auto ways, co_await oauth_.ways_in(user));
  out.key("connections");
  write_connections(out, oauth_, ways.connections);
  out.key("passkeys").begin_array();
  for (const Passkey& one : passkeys) write_passkey(out, one);
  out.end();
  CO_TRY_VOID(co_await write_groups(out, user));
  out.key("agents").begin_array();
  for (const AgentRow& row : agents) {
    out.begin_object().field("id", row.agent.id.str()).field("name", row.agent.name);
    out.field("created_at", format_time(row.created_ms)).end();
  }
  out.end().key("documents").raw(documents.json).key("next");
  if (documents.next.empty()) {
    out.null();
  } else {
    out.text(documents.next);
  }
  out.end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> LeavingRoutes::remove(net::Request request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto password, password_of(body, options_));
  CO_TRY_VOID(co_await removal_.remove({std::move(who), caller_of(request)}, std::move(password)));
  co_return net::Response{.status = 204};
}

}  // namespace concord::identity
