#pragma once
// Changes of comments and suggestions, as updates. Each is one transaction on `doc`, a copy of the document, signed by
// its client; what it returns is not empty. kNotFound where there is no such comment, reply or suggestion. What
// callers may do is theirs to check. Pure.

#include <string_view>

#include "documents/annotations.h"

namespace concord::documents {

/// As they are given, with their identifiers; kTooLarge past what a document, or a comment, may have.
Result<Bytes> add_comment(crdt::Doc& doc, const Comment& comment);
Result<Bytes> add_reply(crdt::Doc& doc, std::string_view comment, const Reply& reply);
/// What a comment or reply says from `at_ms` on.
struct Wording {
  std::string body;
  std::vector<std::string> mentions;
  std::int64_t at_ms = 0;
};
/// Of the comment, or of the reply where one is named.
Result<Bytes> reword(crdt::Doc& doc, std::string_view comment, std::string_view reply, const Wording& wording);
Result<Bytes> remove_comment(crdt::Doc& doc, std::string_view comment, std::string_view reply);
/// Resolved by, or open again. kConflict where it is that already.
Result<Bytes> resolve_comment(crdt::Doc& doc, std::string_view comment, const std::optional<Stamp>& resolved);

/// Of one that is decided too: it was kept elsewhere before. kTooLarge past what may be open.
Result<Bytes> add_suggestion(crdt::Doc& doc, const Suggestion& suggestion);
/// kConflict where it is decided already.
Result<Bytes> decide_suggestion(crdt::Doc& doc, std::string_view suggestion, SuggestionState state, const Stamp& by);

}  // namespace concord::documents
