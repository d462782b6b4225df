#include "engines/migration_order.h"

namespace concord::engines {

Result<Versions> newest_versions(std::span<const Migration> migrations) {
  Versions newest;
  for (const Migration& migration : migrations) {
    std::int64_t& version = newest[migration.part];
    if (migration.part.empty() || migration.version != version + 1) {
      return fail(Error{Code::kInvalidArgument,
                        "the migrations of " + migration.part + " do not follow each other",
                        {{"field", "version"},
                         {"limit", std::to_string(version + 1)},
                         {"value", std::to_string(migration.version)}}});
    }
    version = migration.version;
  }
  return newest;
}

Versions applied_versions(const Rows& rows) {
  Versions applied;
  for (const Row& row : rows.rows) applied[as_string(row[0])] = as_integer(row[1]);
  return applied;
}

Result<const Migration*> next_migration(std::span<const Migration> migrations, const Versions& known,
                                        const Versions& applied) {
  for (const auto& [part, version] : known) {
    const auto found = applied.find(part);
    if (found == applied.end() || found->second <= version) continue;
    return fail(Error{Code::kUnsupported,
                      "the tables of " + part + " are from a newer program",
                      {{"part", part}, {"limit", std::to_string(version)}, {"value", std::to_string(found->second)}}});
  }
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.part);
    if (found == applied.end() || found->second < migration.version) return &migration;
  }
  return nullptr;
}

Error migration_failure(const Migration& migration, Error error) {
  error.message = "migration " + migration.part + " " + std::to_string(migration.version) + ": " + error.message;
  return error;
}

}  // namespace concord::engines
