#include "reconcile/reconcile_store.h"

namespace concord::reconcile {

using engines::Statement;

std::vector<engines::Migration> ReconcileStore::migrations() {
  return {{"reconcile", 1, R"sql(
    CREATE TABLE reconcile_passes (
      shard BIGINT NOT NULL PRIMARY KEY,
      ended_ms BIGINT NOT NULL
    );
    CREATE TABLE reconcile_orphans (
      document TEXT NOT NULL PRIMARY KEY,
      shard BIGINT NOT NULL,
      since_ms BIGINT NOT NULL,
      seen_ms BIGINT NOT NULL
    );
    CREATE INDEX reconcile_orphans_by_shard ON reconcile_orphans (shard, seen_ms);
  )sql"}};
}

Task<std::optional<std::int64_t>> ReconcileStore::last_pass(engines::ShardId shard) {
  CO_TRY(const auto found, co_await tables_.query(Statement{"SELECT ended_ms FROM reconcile_passes WHERE shard = $1",
                                                            {static_cast<std::int64_t>(shard.value)}}));
  if (found.empty()) co_return std::nullopt;
  co_return engines::as_integer(found.rows[0][0]);
}

Task<> ReconcileStore::note_pass(engines::ShardId shard, std::int64_t began_ms, std::int64_t ended_ms) {
  const auto number = static_cast<std::int64_t>(shard.value);
  CO_TRY_VOID(co_await tables_.query(
      Statement{"DELETE FROM reconcile_orphans WHERE shard = $1 AND seen_ms < $2", {number, began_ms}}));
  CO_TRY_VOID(
      co_await tables_.query(Statement{"INSERT INTO reconcile_passes (shard, ended_ms) VALUES ($1, $2) ON CONFLICT "
                                       "(shard) DO UPDATE SET ended_ms = excluded.ended_ms",
                                       {number, ended_ms}}));
  co_return Result<>{};
}

Task<std::int64_t> ReconcileStore::note_orphan(engines::ShardId shard, std::string document, std::int64_t now_ms) {
  CO_TRY(const auto noted,
         co_await tables_.query(Statement{
             "INSERT INTO reconcile_orphans (document, shard, since_ms, seen_ms) VALUES ($1, $2, $3, $3) ON CONFLICT "
             "(document) DO UPDATE SET seen_ms = excluded.seen_ms RETURNING since_ms",
             {std::move(document), static_cast<std::int64_t>(shard.value), now_ms}}));
  co_return engines::as_integer(noted.rows[0][0]);
}

Task<> ReconcileStore::forget_orphan(std::string document) {
  CO_TRY_VOID(
      co_await tables_.query(Statement{"DELETE FROM reconcile_orphans WHERE document = $1", {std::move(document)}}));
  co_return Result<>{};
}

}  // namespace concord::reconcile
