#pragma once
// The tables of the reconciliation: when each shard was compared last, and since when content has been without a
// document. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/log.h"
#include "engines/tables.h"

namespace concord::reconcile {

class ReconcileStore {
 public:
  explicit ReconcileStore(engines::Tables& tables) : tables_(tables) {}

  static std::vector<engines::Migration> migrations();

  /// By the wall clock; nullopt where none has ended.
  Task<std::optional<std::int64_t>> last_pass(engines::ShardId shard);
  /// A pass has ended: what it did not see without a document has one, or is gone.
  Task<> note_pass(engines::ShardId shard, std::int64_t began_ms, std::int64_t ended_ms);
  /// Tells since when it has been seen.
  Task<std::int64_t> note_orphan(engines::ShardId shard, std::string document, std::int64_t now_ms);
  Task<> forget_orphan(std::string document);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::reconcile
