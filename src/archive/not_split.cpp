#include "archive/not_split.h"

#include "engines/sqlite_copy.h"
#include "shard/shard_map.h"

namespace concord::archive {

Result<> require_not_split(const std::string& database) {
  TRY(const auto tables, engines::column_of_database(
                             database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'shard_maps'"));
  if (tables.empty()) return {};
  TRY(const auto maps,
      engines::column_of_database(database, "SELECT ranges FROM shard_maps ORDER BY version DESC LIMIT 1"));
  if (maps.empty()) return {};
  TRY(const shard::ShardMap map, shard::ShardMap::parse(0, maps.front()));
  if (map.size() <= shard::kFirstShards) return {};
  return fail(Error{Code::kUnsupported, "a shard of this hub was split, and its log cannot be archived yet", {}});
}

}  // namespace concord::archive
