#include "identity/share_link_routes.h"

#include "identity/route_parts.h"

namespace concord::identity {

void ShareLinkRoutes::add_to(net::Router& router) {
  add_route(router, "POST", "/links/open", this, &ShareLinkRoutes::open, net::Rate::kSignIn);
}

Task<net::Response> ShareLinkRoutes::open(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string secret, body.text("secret", kTokenRule));
  CO_TRY(auto password,
         body.optional_text("password", {.most = kMaxLinkPasswordBytes, .secret = true, .any_character = true}));
  CO_TRY(const auto opened,
         co_await links_.open(std::move(secret), std::move(password), {{}, request.peer_address, request.request_id}));
  const ShareLink& link = opened.link;
  json::Writer out;
  out.begin_object().field("token", opened.token).field("principal", link.id.str());
  out.field("thing", link.thing).field("name", link.name);
  out.field("access_level", to_string(link.most)).key("expires_at");
  if (link.expires_ms == 0) {
    out.null();
  } else {
    out.text(format_time(link.expires_ms));
  }
  out.end();
  co_return json_response(200, std::move(out).take());
}

}  // namespace concord::identity
