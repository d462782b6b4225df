#include "documents/shard_routes.h"

#include <charconv>

#include "json/object.h"
#include "json/writer.h"

namespace concord::documents {

namespace {

class ShardRoutes {
 public:
  ShardRoutes(Documents& documents, Metrics& metrics, ShardRouteParts parts)
      : documents_(documents), metrics_(metrics), parts_(std::move(parts)) {}

  Task<net::Response> list(net::Request request) {
    CO_TRY_VOID(co_await parts_.may_administer(request));
    const shard::ShardMap map = documents_.slots().map();
    json::Writer out;
    out.begin_object().field("version", map.version()).key("shards").begin_array();
    for (std::uint32_t i = 0; i < map.size(); ++i) write(out, map, engines::ShardId{i});
    out.end().end();
    co_return answer(std::move(out));
  }

  Task<net::Response> split(net::Request request) {
    CO_TRY_VOID(co_await parts_.may_administer(request));
    const std::string& number = request.parameter("shard");
    engines::ShardId shard;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), shard.value);
    if (error != std::errc() || end != number.data() + number.size() || shard.value >= documents_.slots().size())
      co_return fail(Code::kNotFound, "there is no such shard");
    std::optional<Slot> from;
    if (!request.body.empty()) {
      CO_TRY(const auto body, json::Object::parse(request.body));
      CO_TRY(const auto at, body.optional_integer("at", 0, kSlots - 1));
      if (at) from = Slot{static_cast<std::uint16_t>(*at)};
    }
    CO_TRY_VOID(parts_.may_split());
    CO_TRY(const engines::ShardId made, co_await documents_.split(shard, from));
    CO_TRY_VOID(co_await parts_.on_split(request, shard, made));
    json::Writer out;
    write(out, documents_.slots().map(), made);
    co_return answer(std::move(out));
  }

 private:
  /// What was counted is known where the shard was served.
  void write(json::Writer& out, const shard::ShardMap& map, engines::ShardId shard) {
    const shard::SlotRange slots = map.at(shard).slots;
    const shard::ShardCounts counts = metrics_.of(shard);
    out.begin_object().field("shard", std::uint64_t{shard.value});
    out.field("first_slot", std::uint64_t{slots.first}).field("last_slot", std::uint64_t{slots.last});
    out.field("node", parts_.node_of(shard).value_or("")).field("edits", counts.edits.value());
    out.field("edit_bytes", counts.edit_bytes.value()).end();
  }
  static net::Response answer(json::Writer out) {
    net::Response response;
    response.set("content-type", "application/json");
    response.body = std::move(out).take();
    return response;
  }

  Documents& documents_;
  shard::ShardMetrics metrics_;
  const ShardRouteParts parts_;
};

}  // namespace

void add_shard_routes(net::Router& router, Documents& documents, Metrics& metrics, ShardRouteParts parts) {
  // Shared by the two handlers and what they have under way.
  const auto routes = std::make_shared<ShardRoutes>(documents, metrics, std::move(parts));
  router.add({.method = "GET", .pattern = "/shards", .handler = [routes](net::Request request) {
                return routes->list(std::move(request));
              }});
  router.add({.method = "POST", .pattern = "/shards/{shard}/split", .handler = [routes](net::Request request) {
                return routes->split(std::move(request));
              }});
}

}  // namespace concord::documents
