#include "documents/document_metrics.h"

namespace concord::documents {

DocumentMetrics::DocumentMetrics(Metrics& metrics)
    : registry(metrics),
      open_documents(metrics.gauge("concord_documents_open", "Documents in memory")),
      built(metrics.counter("concord_documents_built_total",
                            "Open documents for which more than their stored bytes was needed")),
      sessions(metrics.gauge("concord_documents_sessions", "Live sessions")),
      sessions_waiting(
          metrics.gauge("concord_documents_sessions_waiting", "Live sessions that wait for their turn to be opened")),
      sessions_opening(metrics.gauge("concord_documents_sessions_opening", "Live sessions that are being opened")),
      opening_bytes(metrics.gauge("concord_documents_opening_bytes",
                                  "What clients have sent before their live sessions are open")),
      opening_refused(metrics.counter("concord_documents_opening_refused_total",
                                      "Live sessions told to come again because that is too much")),
      answers_waiting(metrics.gauge("concord_documents_answers_waiting",
                                    "Clients that wait for their turn to be told what they lack")),
      unsent_sync_bytes(metrics.gauge("concord_documents_unsent_sync_bytes",
                                      "Answers with what clients lack that they have not taken")),
      updates(metrics.counter("concord_documents_updates_total", "Updates acknowledged")),
      refused_updates(metrics.counter("concord_documents_refused_updates_total", "Updates refused")),
      deliveries(metrics.counter("concord_documents_deliveries_total", "Frames queued to sessions")),
      presence_left_out(metrics.counter("concord_documents_presence_left_out_total",
                                        "Presence that was not told to clients that read slowly, or only watch")),
      fresh_syncs(metrics.counter("concord_documents_fresh_syncs_total",
                                  "Updates told in one piece to clients that read slowly, or only watch")),
      mention_mails(
          metrics.counter("concord_documents_mention_mails_total", "Mails to people whom a comment mentions")),
      presence_writes(metrics.counter("concord_documents_presence_writes_total",
                                      "Writes to the bus of who is, or was, at a document")),
      presence_refusals(metrics.counter("concord_documents_presence_refusals_total", "Those that the bus refused")),
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
