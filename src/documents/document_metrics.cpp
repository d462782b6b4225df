#include "documents/document_metrics.h"

namespace concord::documents {

DocumentMetrics::DocumentMetrics(Metrics& metrics)
    : registry(metrics),
      open_documents(metrics.gauge("concord_documents_open", "Documents in memory")),
      built(metrics.counter("concord_documents_built_total",
                            "Open documents for which more than their stored bytes was needed")),
      sessions(metrics.gauge("concord_documents_sessions", "Live sessions")),
      updates(metrics.counter("concord_documents_updates_total", "Updates acknowledged")),
      refused_updates(metrics.counter("concord_documents_refused_updates_total", "Updates refused")),
      deliveries(metrics.counter("concord_documents_deliveries_total", "Frames queued to sessions")),
      snapshots(metrics.counter("concord_documents_snapshots_total", "Snapshots written")),
      snapshot_failures(metrics.counter("concord_documents_snapshot_failures_total", "Snapshots that failed")),
      load_seconds(metrics.histogram("concord_documents_load_seconds", "Opening a cold document", latency_bounds())),
      acknowledge_seconds(metrics.histogram("concord_documents_acknowledge_seconds",
                                            "From an update's arrival to its acknowledgement", latency_bounds())) {}

Gauge& DocumentMetrics::snapshot_age(engines::ShardId shard) {
  return registry.gauge("concord_documents_snapshot_age_seconds", "Age of the oldest update that no snapshot has",
                        {{"shard", std::to_string(shard.value)}});
}

}  // namespace concord::documents
