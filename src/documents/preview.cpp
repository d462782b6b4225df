// What an edit would do, and who made one.

#include "crdt/update.h"
#include "documents/documents.h"

namespace concord::documents {

namespace {

/// One that has written nothing in the document; its update is thrown away.
crdt::ClientId unused_client(crdt::Doc& doc) {
  const auto clocks = doc.state_vector();
  std::uint64_t client = 1;
  while (clocks.clock(crdt::ClientId{client}) > 0) ++client;
  return crdt::ClientId{client};
}

}  // namespace

Task<Documents::TwoStates> Documents::states_here(DocumentShard& shard, DocumentId id, std::uint64_t version) {
  CO_TRY(auto live, co_await shard.open(id));
  TwoStates out{.version = live->version()};
  CO_TRY(out.then, co_await shard.state_at(live, version));
  CO_TRY(out.now, co_await shard.state_at(live, out.version));
  co_return out;
}

Task<Documents::Preview> Documents::preview(DocumentId id, Format format, std::string content, std::uint64_t version,
                                            Format shown) {
  DocumentShard& shard = shard_of(id);
  CO_TRY(const TwoStates states, co_await run_on(shard.reactor(), states_here(shard, id, version)));
  co_return co_await dependencies_.pool.run<Preview>([&states, &content, format, shown]() -> Result<Preview> {
    crdt::Doc doc;
    TRY_VOID(doc.apply_update(*states.now));
    TRY(const Bytes update, edit_update(*states.then, unused_client(doc), format, content));
    Preview out{.before = render_json(doc, shown), .version = states.version, .changes = !update.empty()};
    if (out.changes) TRY_VOID(doc.apply_update(update));
    out.after = render_json(doc, shown);
    return out;
  });
}

Task<std::string> Documents::preview_new(Format format, std::string content, Format shown) {
  co_return co_await dependencies_.pool.run<std::string>([&content, format, shown]() -> Result<std::string> {
    crdt::Doc doc;
    TRY(const Bytes update, edit_update(doc.encode_state_as_update(), unused_client(doc), format, content));
    if (!update.empty()) TRY_VOID(doc.apply_update(update));
    return render_json(doc, shown);
  });
}

Task<std::string> Documents::author_of(DocumentId id, std::uint64_t version) {
  if (version == 0) co_return fail(Code::kNotFound, "nobody made the first version");
  DocumentShard& shard = shard_of(id);
  CO_TRY(const auto records, co_await run_on(shard.reactor(), records_here(shard, id, version - 1, version)));
  if (records.size() != 1 || records.front().version != version)
    co_return fail(Error{Code::kNotFound, "that version is not kept", {{"value", std::to_string(version)}}});
  co_return records.front().principal;
}

}  // namespace concord::documents
