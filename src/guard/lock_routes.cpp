#include "guard/lock_routes.h"

#include "json/writer.h"

namespace concord::guard {

namespace {

struct Parts {
  Watch& watch;
  MayAdminister may_administer;
  OnUnlocked on_unlocked;
};

Task<net::Response> list(std::shared_ptr<const Parts> parts, net::Request request) {
  CO_TRY_VOID(co_await parts->may_administer(request));
  json::Writer out;
  out.begin_object().key("locks").begin_array();
  for (const Lock& lock : parts->watch.locks()) {
    out.begin_object().field("id", lock.id.str()).field("kind", to_string(lock.kind)).field("subject", lock.subject);
    out.field("threat", to_string(lock.why)).field("since", format_time(lock.since_ms));
    out.field("until", format_time(lock.until_ms)).end();
  }
  out.end().end();
  net::Response response;
  response.set("content-type", "application/json");
  response.body = std::move(out).take();
  co_return response;
}

Task<net::Response> remove(std::shared_ptr<const Parts> parts, net::Request request) {
  CO_TRY_VOID(co_await parts->may_administer(request));
  const auto id = LockId::parse(request.parameter("lock"));
  const std::optional<Lock> removed = id ? parts->watch.unlock(*id) : std::nullopt;
  if (!removed) co_return fail(Code::kNotFound, "there is no such lock, or no longer");
  CO_TRY_VOID(co_await parts->on_unlocked(request, *removed));
  co_return net::Response{.status = 204};
}

}  // namespace

void add_lock_routes(net::Router& router, Watch& watch, MayAdminister may_administer, OnUnlocked on_unlocked) {
  // Shared by the two handlers and what they have under way.
  const auto parts = std::make_shared<const Parts>(Parts{watch, std::move(may_administer), std::move(on_unlocked)});
  router.add({.method = "GET", .pattern = "/locks", .handler = [parts](net::Request request) {
                return list(parts, std::move(request));
              }});
  router.add({.method = "DELETE", .pattern = "/locks/{lock}", .handler = [parts](net::Request request) {
                return remove(parts, std::move(request));
              }});
}

}  // namespace concord::guard
