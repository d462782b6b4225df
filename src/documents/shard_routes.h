#pragma once
// The shards over HTTP: who administers the hub sees them, and splits one.

#include <functional>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "documents/documents.h"

namespace concord::documents {

/// What the routes are told by; any thread.
struct ShardRouteParts {
  /// Success where the request is an admin's, else why not.
  std::function<Task<>(const net::Request&)> may_administer;
  /// Which node serves a shard, as far as is known.
  std::function<std::optional<std::string>(engines::ShardId)> node_of;
  /// Why this hub cannot be split, where it cannot.
  std::function<Result<>()> may_split;
  /// Told that the request has split a shard, before that is answered.
  std::function<Task<>(const net::Request&, engines::ShardId shard, engines::ShardId made)> on_split;
};

/// Adds GET /shards and POST /shards/{shard}/split. What is passed by reference outlives the router.
void add_shard_routes(net::Router& router, Documents& documents, Metrics& metrics, ShardRouteParts parts);

}  // namespace concord::documents
