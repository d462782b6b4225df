// Where live sessions begin: the upgrades to a WebSocket, of each dialect; and who is in them.

#include "documents/documents.h"
#include "documents/presence.h"
#include "documents/route_parts.h"

namespace concord::documents {

namespace {

/// No Code stands for it: the one answer of the service that is not an Error.
net::Response upgrade_required(const net::Request& request) {
  json::Writer out;
  out.begin_object().field("type", "/problems/upgrade_required").field("title", "Upgrade Required");
  out.field("status", 426).field("detail", "this is a WebSocket endpoint");
  out.field("instance", request.request_id).field("code", "upgrade_required").end();
  net::Response response = json_response(426, std::move(out).take());
  response.headers.front().value = "application/problem+json";
  response.set("upgrade", "websocket");
  return response;
}

}  // namespace

class LiveRoutes : public DocumentRequests {
 public:
  using DocumentRequests::DocumentRequests;

  Task<net::Response> sync(net::Request request) {
    if (!request.websocket_upgrade) co_return upgrade_required(request);
    // What is wrong with the document or the token is told by a close code: a browser cannot see a refused upgrade.
    SyncRequest sync;
    CO_TRY(sync.session.document, document_of(request));
    if (auto token = request.query_value("token")) {
      sync.token = *token;
    } else if (const std::string_view header = request.header("authorization"); header.starts_with("Bearer ")) {
      sync.token = header.substr(7);
    }
    sync.wants_saved = request.query_value("ack") == "1";
    sync.wants_access = request.query_value("access") == "1";
    sync.session.address = request.peer_address;
    sync.session.request_id = request.request_id;
    co_return switching(co_await documents_.live().upgrade(std::move(sync)));
  }

  /// Documents and tokens come in messages.
  Task<net::Response> hocuspocus(net::Request request) {
    if (!request.websocket_upgrade) co_return upgrade_required(request);
    HocuspocusRequest wanted{std::move(request.peer_address), std::move(request.request_id)};
    co_return switching(documents_.live().upgrade(std::move(wanted)));
  }

  Task<net::Response> presence(net::Request request) {
    CO_TRY(const auto found, co_await find(request, Level::kRead));
    CO_TRY(const Presence presence, co_await documents_.live().presence(found.row.id));
    std::vector<std::string> principals;
    principals.reserve(presence.clients.size() + presence.seen.size());
    for (const Presence::Client& client : presence.clients) principals.push_back(client.principal);
    for (const Presence::Visit& visit : presence.seen) principals.push_back(visit.principal);
    CO_TRY(const auto names, co_await identity_.names_of(std::move(principals)));
    json::Writer out;
    out.begin_object().field("sessions", static_cast<std::uint64_t>(presence.sessions)).key("clients").begin_array();
    for (const Presence::Client& client : presence.clients) {
      const auto name = names.find(client.principal);
      out.begin_object().field("client", client.id).field("principal", client.principal);
      out.field("name", name != names.end() ? name->second : std::string()).key("state").raw(client.state);
      out.field("typing", is_typing(client.state));
      out.field("since", format_time(client.since_ms)).field("last_seen", format_time(client.seen_ms)).end();
    }
    out.end().key("seen").begin_array();
    for (const Presence::Visit& visit : presence.seen) {
      const auto name = names.find(visit.principal);
      if (name == names.end()) continue;  // has no account any more
      out.begin_object().field("principal", visit.principal).field("name", name->second);
      out.field("last_seen", format_time(visit.last_ms)).end();
    }
    out.end().end();
    co_return json_response(200, std::move(out).take());
  }

 private:
  static net::Response switching(net::Upgrade upgrade) {
    net::Response response;
    response.status = 101;
    response.upgrade = std::move(upgrade);
    return response;
  }
};

void Documents::add_live_routes(net::Router& router) {
  auto routes =
      std::make_shared<LiveRoutes>(*this, dependencies_.access, dependencies_.identity, limits_, dependencies_.clock);
  add_route(router, "GET", "/documents/{id}/sync", routes, &LiveRoutes::sync);
  add_route(router, "GET", "/documents/{id}/presence", routes, &LiveRoutes::presence);
  add_route(router, "GET", "/hocuspocus", routes, &LiveRoutes::hocuspocus);
}

}  // namespace concord::documents
