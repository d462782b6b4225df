#pragma once

#include <array>

#include "base/metrics.h"
#include "engines/log.h"
#include "reconcile/finding.h"

namespace concord::reconcile {

/// Instruments shared by all shards of a node.
struct ReconcileMetrics {
  explicit ReconcileMetrics(Metrics& metrics);
  void count(const Finding& finding);
  /// Of one shard: pieces of content without a document, as of its last pass.
  Gauge& orphans(engines::ShardId shard);

  Metrics& registry;
  Counter& passes;
  Counter& failed_passes;
  Counter& documents;
  std::array<std::array<Counter*, 2>, kWhats> findings;  // by what, and whether it was repaired
};

}  // namespace concord::reconcile
