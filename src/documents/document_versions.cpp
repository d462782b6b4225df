#include "documents/document_versions.h"

#include <set>

namespace concord::documents {

namespace {

/// Where an identifier tells its slot, as far as a column can be asked for it: two of its characters have the version
/// of the UUID, which is 7, and the first six bits of the slot.
constexpr std::size_t kSlotAt = sizeof("doc_") - 1 + 10;
constexpr std::size_t kSlotCharacters = 2;

std::set<std::string> slot_characters(shard::SlotRange slots) {
  std::set<std::string> all;
  for (unsigned slot = slots.first; slot <= slots.last; ++slot) {
    Uuid uuid{};
    uuid[6] = static_cast<std::uint8_t>(0x70U | slot >> 8U);
    uuid[7] = static_cast<std::uint8_t>(slot & 0xffU);
    all.insert(DocumentId(uuid).str().substr(kSlotAt, kSlotCharacters));
  }
  return all;
}

}  // namespace

Task<DocumentVersions> versions_of(engines::Tables& tables, shard::SlotRange slots, std::string after,
                                   std::size_t limit) {
  DocumentVersions out{.rows = {}, .after = after};
  engines::Statement statement{"", {std::move(after), static_cast<std::int64_t>(limit)}};
  std::string places;
  for (const std::string& characters : slot_characters(slots)) {
    statement.arguments.emplace_back(characters);
    places += (places.empty() ? "$" : ", $") + std::to_string(statement.arguments.size());
  }
  statement.sql = "SELECT id, version, snapshot_position FROM documents WHERE id > $1 AND substr(id, " +
                  std::to_string(kSlotAt + 1) + ", " + std::to_string(kSlotCharacters) + ") IN (" + places +
                  ") ORDER BY id LIMIT $2";
  CO_TRY(const auto found, co_await tables.query(std::move(statement)));
  out.ended = found.rows.size() < limit;
  for (const engines::Row& row : found.rows) {
    const auto id = DocumentId::parse(engines::as_string(row[0]));
    if (!id) co_return fail(Code::kCorrupt, "a row of documents has an identifier that is none");
    out.after = id->str();
    if (!slots.contains(id->slot())) continue;
    out.rows.push_back({*id,
                        static_cast<std::uint64_t>(engines::as_integer(row[1])),
                        {static_cast<std::uint64_t>(engines::as_integer(row[2]))}});
  }
  co_return out;
}

}  // namespace concord::documents
