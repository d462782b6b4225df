#pragma once
// Documents as one principal sees them: which there are, and what may be done with one. Any reactor.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "documents/document_store.h"
#include "identity/identity.h"

namespace concord::documents {

/// Success where `access` is at least `least`: else kNotFound for who may not even see it, or kPermissionDenied.
Result<> require(Level access, Level least, std::string_view what);

/// A cursor as lists give it away: "<updated_ms>_<id>".
std::string to_text(const ListCursor& cursor);
/// kInvalidArgument with the field `after` where no list gave it.
Result<ListCursor> parse_cursor(std::string_view text);

class Catalog {
 public:
  Catalog(DocumentStore& store, access::Access& access) : store_(store), access_(access) {}

  /// For who may do at least `least` with it; fails as `require`.
  Task<DocumentRow> find(identity::Actor who, DocumentId id, Level least);

  struct Page {
    std::vector<DocumentRow> rows;
    std::optional<ListCursor> next;  // absent: there are no more
  };
  /// What they may see, newest change first, each with what they may do. Of `limit` at most; a page may be short and
  /// have a next one.
  Task<Page> list(identity::Actor who, std::optional<FolderId> folder, std::optional<ListCursor> after,
                  std::int64_t limit);

  /// The folder in which to make something, or "" for none: for who may write in it. kPermissionDenied for guests, and
  /// for an agent that must name one.
  Task<std::string> folder_for(identity::Authenticated who, std::string folder);

 private:
  DocumentStore& store_;
  access::Access& access_;
};

}  // namespace concord::documents
