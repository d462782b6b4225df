#pragma once
// The tables of access: things with their owner and folder, and the grants on them. Any reactor.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/decide.h"
#include "engines/tables.h"
#include "events/journal.h"

namespace concord::access {

struct Thing {
  std::string id;
  UserId owner;
  std::string folder;  // the folder's identifier; empty: in none
};

class AccessStore {
 public:
  /// What is granted and taken is told in the same transaction; `journal` null: to nobody.
  explicit AccessStore(engines::Tables& tables, events::Journal* journal = nullptr)
      : tables_(tables), journal_(journal) {}

  static std::vector<engines::Migration> migrations();
  /// Folders within each other.
  static constexpr std::int64_t kMaxDepth = 32;
  /// Grants on one thing.
  static constexpr std::int64_t kMaxGrants = 1000;

  /// kConflict where it is there already; kNotFound where its folder is not; kTooLarge where that lies too deep.
  static Task<> add(engines::Transaction& transaction, Thing thing);
  /// With its grants. kConflict where something lies in it.
  static Task<> remove(engines::Transaction& transaction, std::string id);
  /// The same, of a folder: what lies in it comes to lie where the folder lay. Nobody may more with it than before.
  static Task<> dissolve(engines::Transaction& transaction, std::string id);
  /// Empty `folder`: out of any. As `add`; kConflict where `folder` is `id` or lies in it.
  static Task<> move(engines::Transaction& transaction, std::string id, std::string folder);

  /// The chains of those that exist, as `decide` takes them, with the grants to `subjects` alone.
  Task<std::map<std::string, std::vector<Holding>>> chains(std::vector<std::string> ids,
                                                           std::vector<std::string> subjects);
  Task<std::optional<Thing>> find(std::string id);
  /// Sets or replaces; kNotFound where the thing is gone, kTooLarge past kMaxGrants.
  Task<> grant(std::string id, Grant grant, std::string by);
  /// Whether there was one.
  Task<bool> revoke(std::string id, std::string to, std::string by);
  /// Every grant to the principal.
  Task<> forget(std::string principal);
  /// Those on the thing itself.
  Task<std::vector<Grant>> grants(std::string id);

 private:
  Task<bool> change(engines::Statement statement, events::Event event);

  engines::Tables& tables_;
  events::Journal* const journal_;
};

/// SQL for `WITH RECURSIVE`: the table access_seen (id) of all things and folders that the subjects may see by a grant
/// on them or by what lies above them. `subjects` are placeholders, "$2, $3"; `user` that of the user.
std::string seen_sql(std::string_view user, std::string_view subjects);

}  // namespace concord::access
