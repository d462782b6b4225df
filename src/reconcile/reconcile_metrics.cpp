#include "reconcile/reconcile_metrics.h"

#include <string>

namespace concord::reconcile {

std::string_view to_string(What what) {
  switch (what) {
    case What::kRowBehind:
      return "row_behind";
    case What::kContentBehind:
      return "content_behind";
    case What::kSnapshotMissing:
      return "snapshot_missing";
    case What::kUnreadable:
      return "unreadable";
    case What::kSnapshotsPassed:
      return "snapshots_passed";
    case What::kLogBehind:
      return "log_behind";
    case What::kOrphan:
      return "orphan";
  }
  return "unknown";
}

ReconcileMetrics::ReconcileMetrics(Metrics& metrics)
    : registry(metrics),
      passes(metrics.counter("concord_reconcile_passes_total", "Comparisons of a shard that have come to their end.")),
      failed_passes(
          metrics.counter("concord_reconcile_failed_passes_total", "Those that were cut off; they begin anew.")),
      documents(metrics.counter("concord_reconcile_documents_total", "Documents whose parts were compared.")),
      findings() {
  for (std::size_t what = 0; what < kWhats; ++what) {
    for (const bool repaired : {false, true}) {
      findings[what][repaired ? 1 : 0] = &metrics.counter(
          "concord_reconcile_findings_total", "What did not fit together, and whether it was repaired.",
          {{"what", std::string(to_string(static_cast<What>(what)))}, {"repaired", repaired ? "yes" : "no"}});
    }
  }
}

void ReconcileMetrics::count(const Finding& finding) {
  findings[static_cast<std::size_t>(finding.what)][finding.repaired ? 1 : 0]->add();
}

Gauge& ReconcileMetrics::orphans(engines::ShardId shard) {
  return registry.gauge("concord_reconcile_orphans",
                        "Pieces of content without a document that wait for their removal.",
                        {{"shard", std::to_string(shard.value)}});
}

}  // namespace concord::reconcile
