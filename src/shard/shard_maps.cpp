#include "shard/shard_maps.h"

namespace concord::shard {

namespace {

using engines::Rows;
using engines::Transaction;

constexpr const char* kNewest = "SELECT version, ranges FROM shard_maps ORDER BY version DESC LIMIT 1";

Result<ShardMap> parse(const Rows& found) {
  if (found.empty()) return ShardMap();
  return ShardMap::parse(static_cast<std::uint64_t>(engines::as_integer(found.rows[0][0])),
                         engines::as_string(found.rows[0][1]));
}

/// Functions of their own, so that what they are called with lives as long as they run.
Task<> fence(Transaction& transaction, engines::ShardId shard, engines::Epoch epoch) {
  CO_TRY(const Rows changed,
         co_await transaction.query(
             {"INSERT INTO shard_epochs (shard, epoch) VALUES ($1, $2) ON CONFLICT (shard) DO UPDATE "
              "SET epoch = excluded.epoch WHERE shard_epochs.epoch <= excluded.epoch",
              {static_cast<std::int64_t>(shard.value), static_cast<std::int64_t>(epoch.value)}}));
  if (changed.affected == 0)
    co_return fail(Code::kFenced, "shard " + std::to_string(shard.value) + " has a newer owner");
  co_return Result<>{};
}

Task<> begin_in(Transaction& transaction, engines::ShardId shard, engines::Epoch epoch, ShardMap& out) {
  CO_TRY_VOID(co_await fence(transaction, shard, epoch));
  CO_TRY(const Rows found, co_await transaction.query({kNewest, {}}));
  CO_TRY(out, parse(found));
  co_return Result<>{};
}

Task<> replace_in(Transaction& transaction, engines::ShardId shard, engines::Epoch epoch, const ShardMap& next) {
  CO_TRY_VOID(co_await fence(transaction, shard, epoch));
  CO_TRY(const Rows found, co_await transaction.query({kNewest, {}}));
  CO_TRY(const ShardMap now, parse(found));
  if (now.version() + 1 != next.version())
    co_return fail(Code::kConflict, "the map of the shards has been changed meanwhile; try again");
  CO_TRY_VOID(co_await transaction.query({"INSERT INTO shard_maps (version, ranges) VALUES ($1, $2)",
                                          {static_cast<std::int64_t>(next.version()), next.str()}}));
  co_return Result<>{};
}

}  // namespace

Task<ShardMap> TableShardMaps::newest() {
  CO_TRY(const Rows found, co_await tables_.query({kNewest, {}}));
  co_return parse(found);
}

Task<ShardMap> TableShardMaps::begin(engines::ShardId shard, engines::Epoch epoch) {
  ShardMap out;
  CO_TRY_VOID(co_await tables_.transaction(
      [shard, epoch, &out](Transaction& transaction) { return begin_in(transaction, shard, epoch, out); }));
  co_return out;
}

Task<> TableShardMaps::replace(engines::ShardId shard, engines::Epoch epoch, ShardMap next) {
  co_return co_await tables_.transaction(
      [shard, epoch, &next](Transaction& transaction) { return replace_in(transaction, shard, epoch, next); });
}

std::vector<engines::Migration> shard_map_migrations() {
  return {{"shards", 1,
           "CREATE TABLE shard_maps (version BIGINT NOT NULL PRIMARY KEY, ranges TEXT NOT NULL);"
           "CREATE TABLE shard_epochs (shard BIGINT NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL);"}};
}

}  // namespace concord::shard
