#include "reconcile/reconciler.h"

#include "base/async.h"

namespace concord::reconcile {

namespace {

Task<> start_here(ShardReconciler& one) {
  one.start();
  co_return Result<>{};
}

Task<> stop_here(ShardReconciler& one) {
  co_await one.stop();
  co_return Result<>{};
}

}  // namespace

Reconciler::Reconciler(Options options, Dependencies on)
    : tables_(on.tables), store_(on.tables), metrics_(on.metrics), shards_(std::move(on.shards)) {
  for (documents::DocumentShard* shard : shards_) {
    reconcilers_.push_back(std::make_unique<ShardReconciler>(
        *shard, options,
        ShardReconciler::Dependencies{on.documents, on.snapshots, on.history, on.blobs, on.tables, on.log, store_,
                                      on.clock, metrics_, on.logger, on.report}));
  }
}

Task<> Reconciler::start() {
  CO_TRY_VOID(co_await tables_.migrate(ReconcileStore::migrations()));
  for (std::size_t i = 0; i < shards_.size(); ++i)
    CO_TRY_VOID(co_await run_on(shards_[i]->reactor(), start_here(*reconcilers_[i])));
  co_return Result<>{};
}

asio::awaitable<void> Reconciler::stop() {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    (void)co_await run_on(shards_[i]->reactor(), stop_here(*reconcilers_[i]));  // cannot fail
}

}  // namespace concord::reconcile
