#pragma once
// What a node's shards count and measure.

#include "base/metrics.h"
#include "engines/log.h"

namespace concord::shard {

/// Instruments shared by all shards of a node.
struct ShardMetrics {
  explicit ShardMetrics(Metrics& metrics);
  /// 1 while the shard is served by this node.
  Gauge& serving(engines::ShardId shard);
  Counter& records;
  Counter& failures;
  Histogram& append_seconds;
  Histogram& batch_records;
  Gauge& queued_bytes;
  Counter& replayed_records;
  Histogram& replay_seconds;

 private:
  Metrics& all_;
};

}  // namespace concord::shard
