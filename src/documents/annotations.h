#pragma once
// Comments and suggestions, which are in the document's own CRDT beside its content: their shape, and reading them off
// a document (docs/protocols/comments.md). Whoever may write may have written anything there: what is malformed is
// passed over. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "crdt/doc.h"
#include "crdt/relative_position.h"

namespace concord::documents {

/// Root maps; the content is beside them.
constexpr std::string_view kCommentsRoot = "concord:comments";
constexpr std::string_view kSuggestionsRoot = "concord:suggestions";

struct CommentTag {
  static constexpr std::string_view kPrefix = "cmt";
};
/// Of comments, and of replies.
using CommentId = Id<CommentTag>;
struct SuggestionTag {
  static constexpr std::string_view kPrefix = "sug";
};
using SuggestionId = Id<SuggestionTag>;

struct AnnotationLimits {
  static constexpr std::size_t kMaxBodyBytes = 4'000;
  static constexpr std::size_t kMaxMessageBytes = 1'000;
  static constexpr std::size_t kMaxQuoteUnits = 300;     // UTF-16
  static constexpr std::size_t kMaxEntryBytes = 16'384;  // of a comment or reply as JSON, without its replies
  static constexpr std::size_t kMaxMentions = 20;
  static constexpr std::size_t kMaxPrincipalBytes = 64;
  static constexpr std::size_t kMaxPositionBytes = 1'024;
  // What the hub takes over REST and from who may not write; who may write could make more, and is not shown more.
  static constexpr std::size_t kMaxComments = 2'000;  // of a document, resolved ones too
  static constexpr std::size_t kMaxReplies = 200;     // of a comment
  static constexpr std::size_t kMaxOpenSuggestions = 200;
  static constexpr std::size_t kMaxSuggestions = 500;  // decided ones too
};

/// Who did something, and when by their clock, Unix milliseconds. A principal's identifier, as whoever wrote it claims.
struct Stamp {
  std::string by;
  std::int64_t at_ms = 0;
};

/// What a comment is about: from behind the place before its first unit to behind its last one, in the root "content".
struct Anchor {
  crdt::RelativePosition start;
  crdt::RelativePosition end;
  std::string quote;  // the text there when it was made
};

struct Reply {
  std::string id;
  std::string author;
  std::int64_t at_ms = 0;
  std::string body;
  std::vector<std::string> mentions;  // principals
  std::optional<std::int64_t> edited_ms;
};

struct Comment : Reply {
  std::optional<Anchor> anchor;  // none: of the whole document
  std::optional<Stamp> resolved;
  std::vector<Reply> replies;  // by time, then identifier
};

enum class SuggestionState : std::uint8_t { kOpen, kAccepted, kRejected };
std::string_view to_string(SuggestionState state);
std::optional<SuggestionState> parse_suggestion_state(std::string_view word);

/// An edit that somebody proposes: an update that is not applied yet. It may be any well-formed update: see `applies`.
struct Suggestion {
  std::string id;
  std::string author;
  std::int64_t at_ms = 0;
  std::string message;                   // why; may be empty
  Bytes update;                          // V1
  std::optional<std::uint64_t> version;  // that it was made for, where its author noted that
  SuggestionState state = SuggestionState::kOpen;
  Stamp decided;  // once it is not open
};

/// By time, then identifier; at most kMaxComments, the newest.
std::vector<Comment> read_comments(crdt::Doc& doc);
std::optional<Comment> read_comment(crdt::Doc& doc, std::string_view id);
/// Newest first; at most kMaxSuggestions.
std::vector<Suggestion> read_suggestions(crdt::Doc& doc);
std::optional<Suggestion> read_suggestion(crdt::Doc& doc, std::string_view id);
/// The item that holds it, from which history tells who truly made it.
std::optional<crdt::ElementId> element_of_suggestion(crdt::Doc& doc, std::string_view id);

/// Calls `visit` for each comment and reply, also malformed ones, with the item that holds it and what reads it.
using ReadSaid = std::function<std::optional<Reply>()>;
void each_said(crdt::Doc& doc, const std::function<void(crdt::ElementId, const ReadSaid&)>& visit);

/// A place in the content now, in UTF-16 units; none where that text is gone.
struct Range {
  std::size_t start = 0;
  std::size_t end = 0;
};
std::optional<Range> range_of(crdt::Doc& doc, const Anchor& anchor);
/// kInvalidArgument with the field where there is no such range of at least one unit.
Result<Anchor> anchor_at(crdt::Doc& doc, Range range);
/// Of text that occurs once in the content, without an embed in it; kInvalidArgument with the field `about`.
Result<Anchor> anchor_of(crdt::Doc& doc, std::string_view text);

/// Whether applying an update changes comments or suggestions, and nothing else, as far as that can be told.
struct Annotating {
  bool some = false;
  bool only = false;
};
Annotating touches_annotations(const crdt::Doc& doc, ByteView update);
/// False where a document, or an update to one without annotations, has none: told by its bytes alone.
bool may_annotate(ByteView encoded);

/// Success where the document could take a suggestion's update as an edit of its content: kConflict, saying why, where
/// that touches anything else, waits for what the document does not have, or is signed as one that is there already.
Result<> applies(const crdt::Doc& doc, ByteView update);

}  // namespace concord::documents
