#pragma once
// The tables of documents and folders: what they are called, who owns them, where they lie. Not content, and not who
// may see them. Any reactor.

#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/id.h"
#include "documents/document_events.h"
#include "engines/tables.h"
#include "events/journal.h"
#include "shard/snapshot_store.h"

namespace concord::documents {

using access::Level;

struct FolderTag {
  static constexpr std::string_view kPrefix = "fld";
};
using FolderId = Id<FolderTag>;

struct DocumentRow {
  DocumentId id;
  UserId owner;
  std::string name;
  std::string doc_type;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;  // follows the live document by a second or two
  std::uint64_t version = 0;    // likewise
  std::string folder;           // its identifier; empty: in none
  Level access = Level::kNone;  // of the principal who asked, where one did
};

struct FolderRow {
  FolderId id;
  UserId owner;
  std::string name;
  std::int64_t created_ms = 0;
  std::string folder;
  Level access = Level::kNone;  // likewise
};

/// The last document of a page, in the order of the list: newest change first.
struct ListCursor {
  std::int64_t updated_ms = 0;
  std::string id;
};

class DocumentStore {
 public:
  /// What is done is told in the same transaction; `journal` null: to nobody. `by` is the principal who does it.
  explicit DocumentStore(engines::Tables& tables, events::Journal* journal = nullptr)
      : tables_(tables), journal_(journal) {}

  static std::vector<engines::Migration> migrations();
  bool tells() const { return journal_ != nullptr; }

  /// Also as a thing of `access`, in the row's folder: fails as AccessStore::add.
  Task<> create(DocumentRow row, std::string by);
  /// kNotFound where there is no such document.
  Task<DocumentRow> find(DocumentId id);
  /// Absent where there is no such document.
  Task<std::optional<UserId>> owner(DocumentId id);
  /// What opening it needs.
  struct Stored {
    UserId owner;
    std::uint64_t version = 0;                    // it has come that far at least
    std::optional<shard::SnapshotName> snapshot;  // the log has all that is behind it; absent: not known
  };
  Task<std::optional<Stored>> stored(DocumentId id);
  /// That the snapshot of that name is durable. Before the log forgets what it holds, so that what is behind the one
  /// that is noted is always in the log. Never goes back.
  Task<> note_snapshot(DocumentId id, shard::SnapshotName name);
  /// Where it is that of the position still, it is not known any more.
  Task<> forget_snapshot(DocumentId id, engines::Position position);
  /// By identifier.
  Task<std::vector<DocumentRow>> owned(UserId owner, std::string after, std::int64_t limit);
  /// Those that a grant to one of `subjects` (see Access::subjects_of), or owning it or a folder above it, lets `who`
  /// see; also by grants that have expired. In the folder, where one is named.
  Task<std::vector<DocumentRow>> list(UserId who, std::vector<std::string> subjects, std::optional<FolderId> folder,
                                      std::optional<ListCursor> after, std::int64_t limit);
  Task<> rename(DocumentId id, std::string name, std::int64_t updated_ms, std::string by);
  Task<> remove(DocumentId id, std::string by);

  Task<> create(FolderRow row, std::string by);
  Task<FolderRow> find(FolderId id);
  /// As for documents, by name; at most kMaxFolders.
  Task<std::vector<FolderRow>> list_folders(UserId who, std::vector<std::string> subjects,
                                            std::optional<FolderId> folder);
  static constexpr std::int64_t kMaxFolders = 1000;
  Task<> rename(FolderId id, std::string name, std::string by);
  /// kConflict where something lies in it.
  Task<> remove(FolderId id, std::string by);
  /// All of the user's folders go; what lies in one comes to lie where it lay.
  Task<> dissolve_folders(UserId owner);
  /// A document or folder into a folder, or out of any where it is empty: fails as AccessStore::move.
  Task<> move(std::string id, std::string folder, std::string by);

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
    Activity activity{};  // that led there, where it is known; what the tables know of already is not told again
  };
  /// Notes how far live documents have come, all in one transaction. Never goes back.
  Task<> note_progress(std::vector<Progress> progress);

 private:
  std::int64_t now_ms() const;
  Task<> tell(engines::Transaction& transaction, events::Event event) const;
  Task<bool> change(engines::Statement statement, events::Event event);
  Task<> insert(access::Thing thing, engines::Statement row, events::Event event);
  Task<> erase(engines::Statement row, events::Event event, std::unexpected<Error> missing);
  Task<> note(engines::Transaction& transaction, const Progress& progress) const;

  engines::Tables& tables_;
  events::Journal* const journal_;
};

}  // namespace concord::documents
