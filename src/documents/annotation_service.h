#pragma once
// Comments and suggestions of documents, as REST and tools read and change them. They are in the documents' CRDT
// (annotations.h); a change is worked out on a copy and logged in the name of who makes it. Any reactor.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/task.h"
#include "documents/annotation_pages.h"
#include "documents/annotations.h"
#include "documents/content.h"
#include "documents/document_shard.h"
#include "documents/version_changes.h"

namespace concord::documents {

class AnnotationService {
 public:
  using ShardOf = std::function<DocumentShard&(DocumentId)>;
  AnnotationService(ShardOf shard_of, Clock& clock, IdSource& ids)
      : shard_of_(std::move(shard_of)), clock_(clock), ids_(ids) {}

  /// Who changes something: without write access only what is their own, else kPermissionDenied.
  struct Writer {
    std::string principal;
    bool may_write = false;
  };

  struct Shown {
    Comment comment;
    std::optional<Range> range;  // of the content; none where it is of the whole document, or its text is gone
  };
  struct Comments {
    std::vector<Shown> comments;          // by time, then identifier
    std::uint64_t version = 0;            // that the ranges are of
    std::optional<AnnotationPlace> next;  // where the next page begins; none: there is none
  };
  Task<Comments> comments(DocumentId id, CommentFilter filter = {});
  /// Only one; kNotFound where there is none.
  Task<Comments> comment(DocumentId id, std::string comment);

  struct NewComment {
    std::string body;
    std::vector<std::string> mentions;
    std::optional<Range> range;  // of the content at `version`; none: the whole document,
    std::uint64_t version = 0;
    std::optional<std::string> about;  // or this text, which occurs once in the content now
  };
  /// Returns its identifier.
  Task<std::string> add_comment(DocumentId id, std::string author, NewComment made);
  Task<std::string> reply(DocumentId id, std::string author, std::string comment, std::string body,
                          std::vector<std::string> mentions);
  /// `reply` empty: the comment itself. What somebody said, only they change.
  Task<> reword(DocumentId id, std::string author, std::string comment, std::string reply, std::string body,
                std::vector<std::string> mentions);
  Task<> remove(DocumentId id, Writer who, std::string comment, std::string reply);
  /// kConflict where it is so already.
  Task<> resolve(DocumentId id, Writer who, std::string comment, bool resolved);

  struct Suggestions {
    /// Newest first. All have a version: where their author noted none, the document's own now.
    std::vector<Suggestion> suggestions;
    std::optional<AnnotationPlace> next;
  };
  Task<Suggestions> suggestions(DocumentId id, SuggestionFilter filter = {});
  /// kNotFound where the document has no such suggestion.
  Task<Suggestion> suggestion(DocumentId id, std::string suggestion);
  /// Keeps the edit that leads the content from `version` to `content` as a suggestion; kInvalidArgument where it
  /// changes nothing.
  Task<Suggestion> suggest(DocumentId id, std::string author, Format format, std::string content, std::uint64_t version,
                           std::string message);
  /// What it would change of the content of its version.
  Task<std::vector<VersionChange>> changes(DocumentId id, Suggestion suggestion);
  /// Makes the edit; what was written since its version stays. It is recorded under its author's name where the history
  /// tells that they made the suggestion, else under `by`: whoever may write may have put any name there. kConflict
  /// where it is decided, or is no edit of the content.
  Task<> accept(DocumentId id, std::string suggestion, std::string by);
  Task<> reject(DocumentId id, Writer who, std::string suggestion);
  /// Takes a suggestion that was kept elsewhere, however large the document; durable when it returns. Nothing where it
  /// is there already.
  Task<> adopt(DocumentId id, Suggestion suggestion);

 private:
  /// What is done to a copy of the document, on the pool; returns the update.
  using Change = std::function<Result<Bytes>(crdt::Doc&)>;
  Task<> change(DocumentId id, std::string author, Change change);
  static Task<> change_here(DocumentShard& shard, DocumentId id, std::string author, Change change, bool bounded);
  /// `bounded`: kTooLarge where the document would pass its limit; what only deletes never does.
  static Task<> submit_here(DocumentShard& shard, DocumentShard::Live live, Bytes update, Author author, bool bounded);
  static Task<Comments> comments_here(DocumentShard& shard, DocumentId id, CommentFilter filter);
  static Task<Comments> comment_here(DocumentShard& shard, DocumentId id, std::string comment);
  static Task<Suggestions> suggestions_here(DocumentShard& shard, DocumentId id, SuggestionFilter filter);
  static Task<Suggestion> suggestion_here(DocumentShard& shard, DocumentId id, std::string suggestion);
  static Task<Anchor> anchor_here(DocumentShard& shard, DocumentId id, Range range, std::uint64_t version);
  static Task<Anchor> find_here(DocumentShard& shard, DocumentId id, std::string about);
  static Task<Bytes> edit_here(DocumentShard& shard, DocumentId id, std::string author, Format format,
                               std::string content, std::uint64_t version);
  static Task<SharedBytes> base_here(DocumentShard& shard, DocumentId id, std::uint64_t version);
  static Task<> accept_here(DocumentShard& shard, DocumentId id, std::string suggestion, std::string by);
  static Task<std::string> writer_of(DocumentShard& shard, DocumentShard::Live live, crdt::ElementId element);

  ShardOf shard_of_;
  Clock& clock_;
  IdSource& ids_;
};

}  // namespace concord::documents
