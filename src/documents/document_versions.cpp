#include "documents/document_versions.h"

#include <set>

#include "shard/shards.h"

namespace concord::documents {

namespace {

/// Where an identifier tells its slot, as far as the shard can be told by it: two of its characters have the version of
/// the UUID, which is 7, and the first six bits of the slot.
constexpr std::size_t kSlotAt = sizeof("doc_") - 1 + 10;
constexpr std::size_t kSlotCharacters = 2;

std::set<std::string> slot_characters(engines::ShardId shard) {
  std::set<std::string> all;
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    if (shard::shard_of(Slot{static_cast<std::uint16_t>(slot)}) != shard) continue;
    Uuid uuid{};
    uuid[6] = static_cast<std::uint8_t>(0x70U | slot >> 8U);
    uuid[7] = static_cast<std::uint8_t>(slot & 0xffU);
    all.insert(DocumentId(uuid).str().substr(kSlotAt, kSlotCharacters));
  }
  return all;
}

}  // namespace

Task<std::vector<DocumentVersion>> versions_of(engines::Tables& tables, engines::ShardId shard, std::string after,
                                               std::size_t limit) {
  engines::Statement statement{"", {std::move(after), static_cast<std::int64_t>(limit)}};
  std::string places;
  for (const std::string& characters : slot_characters(shard)) {
    statement.arguments.emplace_back(characters);
    places += (places.empty() ? "$" : ", $") + std::to_string(statement.arguments.size());
  }
  statement.sql = "SELECT id, version, snapshot_position FROM documents WHERE id > $1 AND substr(id, " +
                  std::to_string(kSlotAt + 1) + ", " + std::to_string(kSlotCharacters) + ") IN (" + places +
                  ") ORDER BY id LIMIT $2";
  CO_TRY(const auto found, co_await tables.query(std::move(statement)));
  std::vector<DocumentVersion> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    const auto id = DocumentId::parse(engines::as_string(row[0]));
    if (!id) co_return fail(Code::kCorrupt, "a row of documents has an identifier that is none");
    out.push_back({*id,
                   static_cast<std::uint64_t>(engines::as_integer(row[1])),
                   {static_cast<std::uint64_t>(engines::as_integer(row[2]))}});
  }
  co_return out;
}

}  // namespace concord::documents
