#pragma once
// The tables of documents: who owns what, what it is called, whom it is shared with. Not its content. Any reactor.

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "documents/access.h"
#include "engines/tables.h"

namespace concord::documents {

struct DocumentRow {
  DocumentId id;
  UserId owner;
  std::string name;
  std::string doc_type;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;              // follows the live document by a second or two
  std::uint64_t version = 0;                // likewise
  AccessLevel access = AccessLevel::kNone;  // of the principal who asked
};

struct Grant {
  UserId principal;
  AccessLevel access = AccessLevel::kNone;
};

/// The last document of a page, in the order of the list: newest change first.
struct ListCursor {
  std::int64_t updated_ms = 0;
  std::string id;
};

class DocumentStore {
 public:
  explicit DocumentStore(engines::Tables& tables) : tables_(tables) {}

  static std::vector<engines::Migration> migrations();

  Task<> create(DocumentRow row);
  /// kNotFound where there is no such document or `who` may not see it.
  Task<DocumentRow> find(DocumentId id, UserId who);
  /// Absent where there is no such document.
  Task<std::optional<UserId>> owner(DocumentId id);
  Task<std::vector<DocumentRow>> list(UserId who, std::optional<ListCursor> after, std::int64_t limit);
  Task<> rename(DocumentId id, std::string name, std::int64_t updated_ms);
  Task<> remove(DocumentId id);

  /// Sets or replaces a grant; kNotFound where the document is gone.
  Task<> grant(DocumentId id, Grant grant);
  /// Whether there was one.
  Task<bool> revoke(DocumentId id, UserId principal);
  Task<std::vector<Grant>> grants(DocumentId id);

  /// Names a version, or renames it.
  Task<> name_version(DocumentId id, std::uint64_t version, std::string name, UserId who, std::int64_t now_ms);
  /// Whether it had a name.
  Task<bool> unname_version(DocumentId id, std::uint64_t version);
  struct VersionName {
    std::uint64_t version = 0;
    std::string name;
    UserId by;
    std::int64_t named_ms = 0;
  };
  /// Newest version first; at most kMaxNamedVersions.
  Task<std::vector<VersionName>> version_names(DocumentId id);
  static constexpr std::int64_t kMaxNamedVersions = 1000;

  struct Progress {
    DocumentId id;
    std::uint64_t version = 0;
    std::int64_t updated_ms = 0;
  };
  /// Notes how far live documents have come, all in one transaction. Never goes back.
  Task<> note_progress(std::vector<Progress> progress);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::documents
