#include "app/shard_admin.h"

namespace concord::app {

namespace {

Task<> record_split(identity::Identity& identity, audit::Audit& audit, const net::Request& request,
                    engines::ShardId shard, engines::ShardId made) {
  CO_TRY(const identity::Authenticated who, co_await identity.authenticate(request));
  co_return co_await audit.record({.action = "shard.split",
                                   .actor = who.actor().str(),
                                   .target = "shard " + std::to_string(shard.value),
                                   .address = request.peer_address,
                                   .session = who.session.str(),
                                   .request_id = request.request_id,
                                   .detail = {{"made", "shard " + std::to_string(made.value)}}});
}

}  // namespace

std::unexpected<Error> archived_and_split() {
  return fail(
      Error{Code::kUnsupported,
            "ARCHIVE_DIR copies hubs none of whose shards was split; a hub is archived, or its shards are split",
            {{"field", "ARCHIVE_DIR"}}});
}

documents::ShardRouteParts shard_route_parts(ShardAdmin on) {
  return {
      .may_administer = [on](const net::Request& request) { return on.identity.require_admin(request); },
      .node_of = [on](engines::ShardId shard) -> std::optional<std::string> {
        if (on.cluster) return on.cluster->node_of(shard);
        return on.documents.holds(shard) ? std::optional(on.node) : std::nullopt;
      },
      .may_split = [on]() -> Result<> {
        if (on.archived) return archived_and_split();
        return {};
      },
      .on_split = [on](const net::Request& request, engines::ShardId shard,
                       engines::ShardId made) { return record_split(on.identity, on.audit, request, shard, made); }};
}

}  // namespace concord::app
