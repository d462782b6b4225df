#include "documents/annotation_service.h"

#include <algorithm>

#include "crdt/update.h"
#include "documents/annotation_edits.h"
#include "documents/write_identity.h"

namespace concord::documents {

namespace {

/// Success where the comment, or the reply that is named, is by `who`, or they may write and that is enough.
Result<> may_change(crdt::Doc& doc, const AnnotationService::Writer& who, std::string_view comment,
                    std::string_view reply) {
  if (who.may_write) return {};
  const auto found = read_comment(doc, comment);
  if (!found) return fail(Code::kNotFound, "the document has no such comment");
  const Reply* said = &*found;
  if (!reply.empty()) {
    const auto one = std::ranges::find(found->replies, reply, &Reply::id);
    if (one == found->replies.end()) return fail(Code::kNotFound, "the comment has no such reply");
    said = &*one;
  }
  if (said->author == who.principal) return {};
  return fail(Code::kPermissionDenied, "somebody else wrote that");
}

AnnotationService::Shown shown(crdt::Doc& doc, Comment comment) {
  auto range = comment.anchor ? range_of(doc, *comment.anchor) : std::nullopt;
  return {std::move(comment), range};
}

}  // namespace

Task<> AnnotationService::change(DocumentId id, std::string author, Change change) {
  DocumentShard& shard = shard_of_(id);
  co_return co_await run_on(shard.reactor(), change_here(shard, id, std::move(author), std::move(change), true));
}

Task<> AnnotationService::change_here(DocumentShard& shard, DocumentId id, std::string author, Change change,
                                      bool bounded) {
  CO_TRY(auto live, co_await shard.open(id));
  const AsyncMutex::Hold one_at_a_time = co_await live->edit_mutex().lock();
  const Bytes state = live->state().encode_state_as_update();
  CO_TRY(Bytes update, co_await shard.pool().run<Bytes>([&state, &change]() -> Result<Bytes> {
    crdt::Doc copy({.client = fresh_client()});
    TRY_VOID(copy.apply_update(state));
    return change(copy);
  }));
  CO_TRY_VOID(co_await submit_here(shard, live, std::move(update), {std::move(author)}, bounded));
  if (live->removed) co_return fail(Code::kNotFound, "there is no such document");
  co_return Result<>{};
}

Task<> AnnotationService::submit_here(DocumentShard& shard, DocumentShard::Live live, Bytes update, Author author,
                                      bool bounded) {
  CO_TRY(const crdt::UpdateInfo info, crdt::describe_update(update));
  if (bounded && info.structs > 0) CO_TRY_VOID(shard.check_size(*live, update));
  co_return co_await shard.submit_and_wait(std::move(live), std::make_shared<const Bytes>(std::move(update)),
                                           std::move(author));
}

// Comments.

Task<AnnotationService::Comments> AnnotationService::comments_here(DocumentShard& shard, DocumentId id,
                                                                   CommentFilter filter) {
  CO_TRY(auto live, co_await shard.open(id));
  crdt::Doc& doc = live->doc();
  Comments out{{}, live->version(), {}};
  std::vector<Comment> all = read_comments(doc);
  out.next = take_page(all, filter);
  out.comments.reserve(all.size());
  for (Comment& one : all) out.comments.push_back(shown(doc, std::move(one)));
  live->read_at_this_version = true;
  co_return out;
}

Task<AnnotationService::Comments> AnnotationService::comment_here(DocumentShard& shard, DocumentId id,
                                                                  std::string comment) {
  CO_TRY(auto live, co_await shard.open(id));
  auto one = read_comment(live->doc(), comment);
  if (!one) co_return fail(Code::kNotFound, "the document has no such comment");
  Comments out{{}, live->version(), {}};
  out.comments.push_back(shown(live->doc(), std::move(*one)));
  co_return out;
}

Task<AnnotationService::Comments> AnnotationService::comments(DocumentId id, CommentFilter filter) {
  DocumentShard& shard = shard_of_(id);
  co_return co_await run_on(shard.reactor(), comments_here(shard, id, std::move(filter)));
}

Task<AnnotationService::Comments> AnnotationService::comment(DocumentId id, std::string comment) {
  DocumentShard& shard = shard_of_(id);
  co_return co_await run_on(shard.reactor(), comment_here(shard, id, std::move(comment)));
}

Task<Anchor> AnnotationService::anchor_here(DocumentShard& shard, DocumentId id, Range range, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  CO_TRY(const SharedBytes state, co_await shard.state_at(live, version));
  co_return co_await shard.pool().run<Anchor>([&state, range]() -> Result<Anchor> {
    crdt::Doc doc;
    TRY_VOID(doc.apply_update(*state));
    return anchor_at(doc, range);
  });
}

Task<Anchor> AnnotationService::find_here(DocumentShard& shard, DocumentId id, std::string about) {
  CO_TRY(auto live, co_await shard.open(id));
  const Bytes state = live->state().encode_state_as_update();
  co_return co_await shard.pool().run<Anchor>([&state, &about]() -> Result<Anchor> {
    crdt::Doc doc;
    TRY_VOID(doc.apply_update(state));
    return anchor_of(doc, about);
  });
}

Task<std::string> AnnotationService::add_comment(DocumentId id, std::string author, NewComment made) {
  Comment comment;
  comment.id = CommentId::make(ids_, id.slot()).str();
  comment.author = author;
  comment.at_ms = clock_.wall_ms();
  comment.body = std::move(made.body);
  comment.mentions = std::move(made.mentions);
  if (made.range) {
    DocumentShard& shard = shard_of_(id);
    CO_TRY(comment.anchor, co_await run_on(shard.reactor(), anchor_here(shard, id, *made.range, made.version)));
  } else if (made.about) {
    DocumentShard& shard = shard_of_(id);
    CO_TRY(comment.anchor, co_await run_on(shard.reactor(), find_here(shard, id, std::move(*made.about))));
  }
  const Change change_it = [&comment](crdt::Doc& doc) { return documents::add_comment(doc, comment); };
  CO_TRY_VOID(co_await change(id, std::move(author), change_it));
  co_return comment.id;
}

Task<std::string> AnnotationService::reply(DocumentId id, std::string author, std::string comment, std::string body,
                                           std::vector<std::string> mentions) {
  Reply made;
  made.id = CommentId::make(ids_, id.slot()).str();
  made.author = author;
  made.at_ms = clock_.wall_ms();
  made.body = std::move(body);
  made.mentions = std::move(mentions);
  const Change change_it = [&](crdt::Doc& doc) { return add_reply(doc, comment, made); };
  CO_TRY_VOID(co_await change(id, std::move(author), change_it));
  co_return made.id;
}

Task<> AnnotationService::reword(DocumentId id, std::string author, std::string comment, std::string reply,
                                 std::string body, std::vector<std::string> mentions) {
  const Writer who{author, false};
  const Wording wording{std::move(body), std::move(mentions), clock_.wall_ms()};
  const Change change_it = [&](crdt::Doc& doc) -> Result<Bytes> {
    TRY_VOID(may_change(doc, who, comment, reply));
    return documents::reword(doc, comment, reply, wording);
  };
  co_return co_await change(id, std::move(author), change_it);
}

Task<> AnnotationService::remove(DocumentId id, Writer who, std::string comment, std::string reply) {
  const Change change_it = [&](crdt::Doc& doc) -> Result<Bytes> {
    TRY_VOID(may_change(doc, who, comment, reply));
    return remove_comment(doc, comment, reply);
  };
  co_return co_await change(id, who.principal, change_it);
}

Task<> AnnotationService::resolve(DocumentId id, Writer who, std::string comment, bool resolved) {
  std::optional<Stamp> stamp;
  if (resolved) stamp = Stamp{who.principal, clock_.wall_ms()};
  const Change change_it = [&](crdt::Doc& doc) -> Result<Bytes> {
    TRY_VOID(may_change(doc, who, comment, {}));
    return resolve_comment(doc, comment, stamp);
  };
  co_return co_await change(id, who.principal, change_it);
}

}  // namespace concord::documents
