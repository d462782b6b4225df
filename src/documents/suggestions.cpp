// Suggestions: edits that are kept beside the document until a writer takes or leaves them.

#include "documents/documents.h"
#include "documents/write_identity.h"

namespace concord::documents {

Task<Bytes> Documents::edit_here(DocumentShard& shard, DocumentId id, std::string author, Format format,
                                 std::string content, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  const WriteIdentity identity = identify(id, author, format, content, version);
  CO_TRY(const SharedBytes state, co_await shard.state_at(live, version));
  co_return co_await dependencies_.pool.run<Bytes>(
      [&state, &content, format, client = identity.client] { return edit_update(*state, client, format, content); });
}

Task<> Documents::submit_here(DocumentShard& shard, DocumentId id, Author author, Bytes update) {
  CO_TRY(auto live, co_await shard.open(id));
  CO_TRY_VOID(shard.check_size(*live, update.size()));
  co_return co_await shard.submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)), std::move(author));
}

Task<Suggestion> Documents::suggest(DocumentRow row, std::string author, Format format, std::string content,
                                    std::uint64_t version, std::string message) {
  DocumentShard& shard = shard_of(row.id);
  CO_TRY(Bytes update,
         co_await run_on(shard.reactor(), edit_here(shard, row.id, author, format, std::move(content), version)));
  if (update.empty()) co_return fail(Error{Code::kInvalidArgument, "it changes nothing", {{"field", "content"}}});
  Suggestion made{.id = SuggestionId::make(ids_, row.id.slot()),
                  .document = row.id,
                  .author = std::move(author),
                  .message = std::move(message),
                  .version = version,
                  .created_ms = dependencies_.clock.wall_ms()};
  CO_TRY_VOID(co_await suggestions_.create(made, row.owner, std::move(update)));
  co_return made;
}

Task<std::vector<VersionChange>> Documents::changes(const Suggestion& suggestion) {
  return [](Documents& self, Suggestion one) -> Task<std::vector<VersionChange>> {
    CO_TRY(Bytes update, co_await self.suggestions_.update(one.document, one.id));
    DocumentShard& shard = self.shard_of(one.document);
    CO_TRY(const SharedBytes state, co_await run_on(shard.reactor(), state_here(shard, one.document, one.version)));
    const std::vector<HistoryRecord> records{{one.version + 1,
                                              HybridTime{static_cast<std::uint64_t>(one.created_ms) << 16U}, one.author,
                                              std::make_shared<const Bytes>(std::move(update))}};
    co_return co_await self.dependencies_.pool.run<std::vector<VersionChange>>(
        [&state, &records] { return version_changes(*state, records); });
  }(*this, suggestion);
}

Task<Documents::Content> Documents::accept(Suggestion suggestion, std::string by, Format format) {
  if (suggestion.state != SuggestionState::kOpen) co_return fail(Code::kConflict, "the suggestion was decided already");
  CO_TRY(Bytes update, co_await suggestions_.update(suggestion.document, suggestion.id));
  // Made first: of two who accept at once, or after a crash between the two steps, the log takes the edit once.
  DocumentShard& shard = shard_of(suggestion.document);
  Author author{suggestion.author, suggestion.id.str(), 1};
  CO_TRY_VOID(
      co_await run_on(shard.reactor(), submit_here(shard, suggestion.document, std::move(author), std::move(update))));
  CO_TRY_VOID(co_await suggestions_.decide(suggestion.id, SuggestionState::kAccepted, std::move(by),
                                           dependencies_.clock.wall_ms()));
  co_return co_await read(suggestion.document, format);
}

}  // namespace concord::documents
