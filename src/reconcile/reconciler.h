#pragma once
// The reconciliation of a node: one ShardReconciler for each shard, of which those work whose shard is served here. So
// each shard is compared by one node of the hub, and by none other.

#include <memory>
#include <vector>

#include "reconcile/shard_reconciler.h"

namespace concord::reconcile {

class Reconciler {
 public:
  struct Dependencies {
    std::vector<documents::DocumentShard*> shards;
    documents::DocumentStore& documents;
    shard::SnapshotStore& snapshots;
    documents::HistoryStore& history;
    engines::Blobs& blobs;
    engines::Tables& tables;
    engines::Log& log;
    Clock& clock;
    Metrics& metrics;
    Logger logger;
    Report report;
  };
  Reconciler(Options options, Dependencies dependencies);

  /// Migrates the tables; passes are made from here on.
  Task<> start();
  /// Before the shards drain.
  asio::awaitable<void> stop();

 private:
  engines::Tables& tables_;
  ReconcileStore store_;
  ReconcileMetrics metrics_;
  std::vector<documents::DocumentShard*> shards_;
  std::vector<std::unique_ptr<ShardReconciler>> reconcilers_;  // one for each of them
};

}  // namespace concord::reconcile
