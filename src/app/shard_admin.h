#pragma once
// What the routes on shards ask the hub.

#include <memory>
#include <string>

#include "app/cluster.h"
#include "audit/audit.h"
#include "documents/shard_routes.h"
#include "identity/identity.h"

namespace concord::app {

struct ShardAdmin {
  identity::Identity& identity;
  audit::Audit& audit;
  documents::Documents& documents;
  const std::unique_ptr<Cluster>& cluster;  // null inside: the hub is one node
  std::string node;
  bool archived = false;  // ARCHIVE_DIR copies the hub
};

documents::ShardRouteParts shard_route_parts(ShardAdmin on);

/// Why a hub that is archived does not start, or does not split: what an archive restores has the first shards alone.
std::unexpected<Error> archived_and_split();

}  // namespace concord::app
