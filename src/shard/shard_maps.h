#pragma once
// Where the map of a hub's shards is kept: with the tables, so that copies of these have it too. A change is fenced by
// the epoch of the owner that makes it, in the same transaction; so is what a new owner reads. Any reactor.

#include <vector>

#include "engines/tables.h"
#include "shard/shard_map.h"

namespace concord::shard {

class ShardMaps {
 public:
  virtual ~ShardMaps() = default;
  /// The newest; the first version where none was ever written.
  virtual Task<ShardMap> newest() = 0;
  /// Who owns `shard` at `epoch` begins, or goes on, to serve it: no owner of an older epoch changes the map from then
  /// on. The newest map, as of then. kFenced where a later owner has begun.
  virtual Task<ShardMap> begin(engines::ShardId shard, engines::Epoch epoch) = 0;
  /// Writes the next version, as the owner of `shard` at `epoch`. kFenced where a later owner has begun, kConflict
  /// where that version is there already: then, and only then, it is certain that this one is not.
  virtual Task<> replace(engines::ShardId shard, engines::Epoch epoch, ShardMap next) = 0;
};

class TableShardMaps final : public ShardMaps {
 public:
  /// After `shard_map_migrations`.
  explicit TableShardMaps(engines::Tables& tables) : tables_(tables) {}

  Task<ShardMap> newest() override;
  Task<ShardMap> begin(engines::ShardId shard, engines::Epoch epoch) override;
  Task<> replace(engines::ShardId shard, engines::Epoch epoch, ShardMap next) override;

 private:
  engines::Tables& tables_;
};

std::vector<engines::Migration> shard_map_migrations();

}  // namespace concord::shard
