#include "identity/key_routes.h"

#include "identity/route_parts.h"

namespace concord::identity {

void KeyRoutes::add_to(net::Router& router) {
  add_route(router, "GET", "/.well-known/jwks.json", this, &KeyRoutes::jwks);
  add_route(router, "POST", "/auth/keys", this, &KeyRoutes::renew);
}

Task<net::Response> KeyRoutes::jwks(net::Request) {
  net::Response response = json_response(200, keys_.current()->jwks);
  response.headers.back().value = "public, max-age=" + std::to_string(kPublishedForMs / 1000);
  co_return response;
}

Task<net::Response> KeyRoutes::renew(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  if (!administers(who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(const auto wanted, body.optional_boolean("at_once"));
  const bool at_once = wanted.value_or(false);
  CO_TRY(const std::string kid, co_await keys_.renew(at_once));
  renewed_();
  audit::Event event = audit_event("signing_key.made", who.principal.id, who.session, caller_of(request));
  event.target = kid;
  if (at_once) event.detail.emplace_back("others", "forgotten");
  CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  json::Writer out;
  out.begin_object().field("kid", kid).end();
  co_return json_response(201, std::move(out).take());
}

}  // namespace concord::identity
