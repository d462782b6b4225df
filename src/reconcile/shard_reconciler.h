#pragma once
// Compares what is kept of one shard's documents: their rows in the tables, their snapshots, their history and the log,
// and repairs what lags. It works where the shard is owned, and through it: what it changes of a document's content the
// log decides, as for every other edit, so a node that has lost the shard and does not know yet changes nothing. Every
// repair may be cut off and done again. Lives on the shard's reactor and is used there.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "documents/document_shard.h"
#include "reconcile/finding.h"
#include "reconcile/reconcile_metrics.h"
#include "reconcile/reconcile_store.h"
#include "reconcile/settings.h"
#include "reconcile/walk.h"

namespace concord::reconcile {

class ShardReconciler {
 public:
  /// All of it outlives this.
  struct Dependencies {
    documents::DocumentStore& documents;
    shard::SnapshotStore& snapshots;
    documents::HistoryStore& history;
    engines::Blobs& blobs;
    engines::Tables& tables;
    engines::Log& log;
    ReconcileStore& store;
    Clock& clock;
    ReconcileMetrics& metrics;
    Logger logger;
    Report report;  // empty: nobody is told
  };
  ShardReconciler(documents::DocumentShard& shard, Options options, Dependencies dependencies);

  /// From here on passes are made while this node serves the shard.
  void start();
  asio::awaitable<void> stop();

  /// One pass, now. kUnavailable where the shard is not served here, or not any more, or an engine is away.
  Task<> pass();

 private:
  using Live = documents::DocumentShard::Live;
  struct Pass {
    std::uint64_t documents = 0;
    std::uint64_t orphans = 0;
    engines::Position next;       // of the log, as was seen last
    std::vector<DocumentId> due;  // content to be removed
  };

  asio::awaitable<void> run();
  Task<bool> is_due();
  Task<> pace();
  bool serves() const;
  Task<> look_at(Pass& pass, Kept kept);
  Task<> lead_log_past(Pass& pass, Kept kept);
  Task<> append_fillers(std::uint64_t count);
  Task<> orphan(Pass& pass, DocumentId id);
  Task<> compare(DocumentId id);
  Task<bool> build_again(Live document, documents::HistoryChunkName last);
  Task<> remove_orphans(Pass& pass);
  void found(Finding finding);

  documents::DocumentShard& shard_;
  const Options options_;
  Dependencies on_;
  TaskScope tasks_;
  std::uint64_t paced_ = 0;
};

}  // namespace concord::reconcile
