#include "shard/shard_metrics.h"

namespace concord::shard {

ShardMetrics::ShardMetrics(Metrics& metrics)
    : records(metrics.counter("concord_shard_records_total", "Records made durable")),
      failures(metrics.counter("concord_shard_append_failures_total", "Records the log refused")),
      append_seconds(
          metrics.histogram("concord_shard_append_seconds", "From queued batch to durable", latency_bounds())),
      batch_records(metrics.histogram("concord_shard_batch_records", "Records in one append", size_bounds())),
      queued_bytes(metrics.gauge("concord_shard_queued_bytes", "Records waiting for the log")),
      replayed_records(metrics.counter("concord_shard_replayed_records_total", "Records replayed at starts")),
      replay_seconds(
          metrics.histogram("concord_shard_replay_seconds", "Replaying a shard's tail at its start", latency_bounds())),
      all_(metrics) {}

ShardCounts ShardMetrics::of(engines::ShardId shard) {
  const std::vector<std::pair<std::string, std::string>> labels{{"shard", std::to_string(shard.value)}};
  return {all_.gauge("concord_shard_serving", "1 while this node serves the shard", labels),
          all_.counter("concord_shard_edits_total", "Records of one shard that this node gave to the log", labels),
          all_.counter("concord_shard_edit_bytes_total",
                       "Bytes of the records of one shard that this node gave to the log", labels)};
}

}  // namespace concord::shard
