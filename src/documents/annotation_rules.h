#pragma once
// What of a document who may not write it may change: comments and suggestions, and of these only their own
// (docs/protocols/comments.md). Pure.

#include <string>
#include <vector>

#include "documents/annotations.h"

namespace concord::documents {

struct Annotator {
  std::string principal;
  bool may_suggest = false;   // else comments only
  crdt::ClientId wrote_as{};  // whom the same session has written as before; 0: nobody
};

/// Applies an update to `copy` and tells whether `who` may make it. kPermissionDenied where it touches anything else,
/// or an entry of somebody else's; where what it touches cannot be told, since it waits for others; where it is signed
/// as a client that has written anything else; and where an entry is malformed. kTooLarge past a limit. The copy may
/// have changed then. Time linear in the comments and suggestions of the document, and in the update.
Result<crdt::Touched> annotate(crdt::Doc& copy, ByteView update, const Annotator& who);

}  // namespace concord::documents
