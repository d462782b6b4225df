#pragma once
// What a node's documents count and measure.

#include "base/metrics.h"
#include "engines/log.h"

namespace concord::documents {

/// Instruments shared by all shards of a node.
struct DocumentMetrics {
  explicit DocumentMetrics(Metrics& metrics);
  /// Of one shard.
  Gauge& snapshot_age(engines::ShardId shard);
  Metrics& registry;
  Gauge& open_documents;
  Counter& built;
  Gauge& sessions;
  Gauge& sessions_waiting;
  Gauge& sessions_opening;
  Gauge& opening_bytes;
  Counter& opening_refused;
  Gauge& answers_waiting;
  Gauge& unsent_sync_bytes;
  Counter& updates;
  Counter& refused_updates;
  Counter& deliveries;
  Counter& presence_left_out;
  Counter& fresh_syncs;
  Counter& mention_mails;
  Counter& presence_writes;
  Counter& presence_refusals;
  Counter& snapshots;
  Counter& snapshot_failures;
  Histogram& load_seconds;
  Histogram& acknowledge_seconds;
};

}  // namespace concord::documents
