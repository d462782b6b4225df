// Suggestions: edits that wait in the document until a writer takes or leaves them.

#include <algorithm>
#include <ranges>

#include "crdt/update.h"
#include "documents/annotation_edits.h"
#include "documents/annotation_service.h"
#include "documents/write_identity.h"

namespace concord::documents {

namespace {

// How far back the history is asked who made a suggestion.
constexpr std::uint64_t kVersionsAtOnce = 1024;
constexpr int kMostTries = 16;

std::unexpected<Error> no_such_suggestion() { return fail(Code::kNotFound, "the document has no such suggestion"); }

/// Where its author noted none, or lied, the document's own now.
std::uint64_t version_of(const Suggestion& one, const LiveDocument& live) {
  return std::min(one.version.value_or(UINT64_MAX), live.version());
}

bool writes(const HistoryRecord& record, crdt::ElementId element) {
  const auto info = crdt::describe_update(*record.update);
  return info && std::ranges::any_of(info->clients, [element](const crdt::UpdateInfo::Client& one) {
           return one.client == element.client && one.from <= element.clock && element.clock < one.to;
         });
}

}  // namespace

Task<AnnotationService::Suggestions> AnnotationService::suggestions_here(DocumentShard& shard, DocumentId id,
                                                                         SuggestionFilter filter) {
  CO_TRY(auto live, co_await shard.open(id));
  Suggestions out{read_suggestions(live->doc()), {}};
  out.next = take_page(out.suggestions, filter);
  for (Suggestion& one : out.suggestions) one.version = version_of(one, *live);
  co_return out;
}

Task<Suggestion> AnnotationService::suggestion_here(DocumentShard& shard, DocumentId id, std::string suggestion) {
  CO_TRY(auto live, co_await shard.open(id));
  auto one = read_suggestion(live->doc(), suggestion);
  if (!one) co_return no_such_suggestion();
  one->version = version_of(*one, *live);
  co_return std::move(*one);
}

Task<AnnotationService::Suggestions> AnnotationService::suggestions(DocumentId id, SuggestionFilter filter) {
  DocumentShard& shard = shard_of_(id);
  co_return co_await run_on(shard.reactor(), suggestions_here(shard, id, std::move(filter)));
}

Task<Suggestion> AnnotationService::suggestion(DocumentId id, std::string suggestion) {
  DocumentShard& shard = shard_of_(id);
  co_return co_await run_on(shard.reactor(), suggestion_here(shard, id, std::move(suggestion)));
}

Task<Bytes> AnnotationService::edit_here(DocumentShard& shard, DocumentId id, std::string author, Format format,
                                         std::string content, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  const WriteIdentity identity = identify(id, author, format, content, version);
  CO_TRY(const SharedBytes state, co_await shard.state_at(live, version));
  co_return co_await shard.pool().run<Bytes>(
      [&state, &content, format, client = identity.client] { return edit_update(*state, client, format, content); });
}

Task<Suggestion> AnnotationService::suggest(DocumentId id, std::string author, Format format, std::string content,
                                            std::uint64_t version, std::string message) {
  DocumentShard& shard = shard_of_(id);
  CO_TRY(Bytes update,
         co_await run_on(shard.reactor(), edit_here(shard, id, author, format, std::move(content), version)));
  if (update.empty()) co_return fail(Error{Code::kInvalidArgument, "it changes nothing", {{"field", "content"}}});
  const Suggestion made{.id = SuggestionId::make(ids_, id.slot()).str(),
                        .author = author,
                        .at_ms = clock_.wall_ms(),
                        .message = std::move(message),
                        .update = std::move(update),
                        .version = version,
                        .decided = {}};
  const Change change_it = [&made](crdt::Doc& doc) { return add_suggestion(doc, made); };
  CO_TRY_VOID(co_await change(id, std::move(author), change_it));
  co_return made;
}

/// The state of a version, or where that is not kept (any more) the document's own now.
Task<SharedBytes> AnnotationService::base_here(DocumentShard& shard, DocumentId id, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  auto state = co_await shard.state_at(live, version);
  if (!state && (state.error().code == Code::kConflict || state.error().code == Code::kNotFound))
    co_return co_await shard.state_at(live, live->version());
  co_return state;
}

Task<std::vector<VersionChange>> AnnotationService::changes(DocumentId id, Suggestion suggestion) {
  DocumentShard& shard = shard_of_(id);
  const std::uint64_t version = suggestion.version.value_or(UINT64_MAX);
  CO_TRY(const SharedBytes state, co_await run_on(shard.reactor(), base_here(shard, id, version)));
  const std::vector<HistoryRecord> records{
      {version + 1, HybridTime{static_cast<std::uint64_t>(suggestion.at_ms) << 16U}, suggestion.author,
       std::make_shared<const Bytes>(std::move(suggestion.update))}};
  co_return co_await shard.pool().run<std::vector<VersionChange>>(
      [&state, &records] { return version_changes(*state, records); });
}

/// Empty where the history does not tell.
Task<std::string> AnnotationService::writer_of(DocumentShard& shard, DocumentShard::Live live,
                                               crdt::ElementId element) {
  std::uint64_t to = live->version();
  for (int tried = 0; tried < kMostTries && to > 0; ++tried) {
    const std::uint64_t from = to > kVersionsAtOnce ? to - kVersionsAtOnce : 0;
    const auto records = co_await shard.history().between(shard.history_source(*live), from, to);
    if (!records) co_return std::string();
    for (const HistoryRecord& record : std::views::reverse(*records))
      if (writes(record, element)) co_return record.principal;
    to = from;
  }
  co_return std::string();
}

/// The edit first: of two who accept at once, or after a crash between the two steps, the document takes it once.
Task<> AnnotationService::accept_here(DocumentShard& shard, DocumentId id, std::string suggestion, std::string by) {
  CO_TRY(auto live, co_await shard.open(id));
  auto one = read_suggestion(live->doc(), suggestion);
  const auto element = element_of_suggestion(live->doc(), suggestion);
  if (!one || !element) co_return no_such_suggestion();
  if (one->state != SuggestionState::kOpen) co_return fail(Code::kConflict, "the suggestion was decided already");
  if (live->state().covers(one->update)) co_return Result<>{};
  CO_TRY_VOID(applies(live->doc(), one->update));
  CO_TRY(const std::string made_by, co_await writer_of(shard, live, *element));
  Author author{made_by == one->author ? one->author : std::move(by), one->id, 1};
  co_return co_await submit_here(shard, std::move(live), std::move(one->update), std::move(author), true);
}

Task<> AnnotationService::accept(DocumentId id, std::string suggestion, std::string by) {
  DocumentShard& shard = shard_of_(id);
  CO_TRY_VOID(co_await run_on(shard.reactor(), accept_here(shard, id, suggestion, by)));
  const Stamp stamp{by, clock_.wall_ms()};
  const Change change_it = [&](crdt::Doc& doc) {
    return decide_suggestion(doc, suggestion, SuggestionState::kAccepted, stamp);
  };
  co_return co_await change(id, std::move(by), change_it);
}

Task<> AnnotationService::reject(DocumentId id, Writer who, std::string suggestion) {
  const Stamp stamp{who.principal, clock_.wall_ms()};
  const Change change_it = [&](crdt::Doc& doc) -> Result<Bytes> {
    const auto one = read_suggestion(doc, suggestion);
    if (one && one->author != who.principal && !who.may_write)
      return fail(Code::kPermissionDenied, "somebody else suggested that");
    return decide_suggestion(doc, suggestion, SuggestionState::kRejected, stamp);
  };
  co_return co_await change(id, who.principal, change_it);
}

Task<> AnnotationService::adopt(DocumentId id, Suggestion suggestion) {
  DocumentShard& shard = shard_of_(id);
  const auto there = co_await run_on(shard.reactor(), suggestion_here(shard, id, suggestion.id));
  if (there) co_return Result<>{};
  if (there.error().code != Code::kNotFound) co_return fail(there.error());
  const Change change_it = [&suggestion](crdt::Doc& doc) { return add_suggestion(doc, suggestion); };
  co_return co_await run_on(shard.reactor(), change_here(shard, id, suggestion.author, change_it, false));
}

}  // namespace concord::documents
