#pragma once
// What a node's shards count and measure.

#include "base/metrics.h"

namespace concord::shard {

/// Instruments shared by all shards of a node.
struct ShardMetrics {
  explicit ShardMetrics(Metrics& metrics);
  Counter& records;
  Counter& failures;
  Histogram& append_seconds;
  Histogram& batch_records;
  Gauge& queued_bytes;
  Counter& replayed_records;
  Histogram& replay_seconds;
};

}  // namespace concord::shard
