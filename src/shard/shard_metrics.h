#pragma once
// What a node's shards count and measure.

#include "base/metrics.h"
#include "engines/log.h"

namespace concord::shard {

/// Of one shard on this node.
struct ShardCounts {
  Gauge& serving;  // 1 while it is served here
  Counter& edits;  // to find one that is hot
  Counter& edit_bytes;
};

/// Instruments shared by all shards of a node.
struct ShardMetrics {
  explicit ShardMetrics(Metrics& metrics);
  ShardCounts of(engines::ShardId shard);
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
