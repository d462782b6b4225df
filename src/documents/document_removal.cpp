// How a document of a shard is deleted: the log has it first; then its sessions end, and its row and its content go.

#include "documents/document_shard.h"
#include "documents/live_session.h"

namespace concord::documents {

Task<> DocumentShard::log_removal(DocumentId id, std::string principal) {
  engines::LogRecord record;
  record.kind = static_cast<std::uint8_t>(RecordKind::kRemoved);
  record.stream = id.str();
  record.principal = std::move(principal);
  record.time = shard_.now();
  record.payload = std::make_shared<const Bytes>();
  AsyncEvent event(reactor());
  std::optional<Result<>> outcome;
  shard_.append(std::move(record), [&](Result<shard::Shard::Appended> appended) {
    outcome = appended ? Result<>{} : fail(std::move(appended).error());
    event.notify_all();
  });
  while (!outcome) co_await event.wait();
  co_return std::move(*outcome);
}

Task<> DocumentShard::remove(DocumentId id, std::string principal) {
  CO_TRY_VOID(co_await log_removal(id, principal));
  co_return co_await take_away(id, std::move(principal));
}

/// What was deleted goes: its sessions, its row, its content.
Task<> DocumentShard::take_away(DocumentId id, std::string by) {
  Live live;
  if (auto found = documents_.find(id); found != documents_.end()) {
    live = found->second.live;
    live->removed = true;
    const std::vector<LiveSession*> sessions = live->sessions();  // ending one may take it off the list
    for (LiveSession* session : sessions) session->end(net::CloseCode::kNotFound, "the document was deleted");
    if (found->second.ready) {
      documents_.erase(id);
      metrics_.open_documents.add(-1);
    }
  }
  RemovedDocument& held = removing_[id];
  if (live) held.live = live;
  held.by = by;
  tails_.erase(id);
  versions_.forget(id);

  if (auto row = co_await store_.remove(id, std::move(by)); !row && row.error().code != Code::kNotFound) co_return row;
  const auto removing = removing_.find(id);
  const bool busy = removing != removing_.end() && removing->second.live && removing->second.live->snapshot_under_way;
  if (busy) co_return Result<>{};  // the sweep takes it away
  if (auto done = co_await finish_removal(id); !done) {
    logger_.warn("could not remove a deleted document's content yet",
                 {{"document", id.str()}, {"error", done.error().message}});
  }
  co_return Result<>{};
}

/// Until the row and the content are gone the log keeps the record of the deletion.
Task<> DocumentShard::finish_removal(DocumentId id) {
  const auto removing = removing_.find(id);
  std::string by = removing != removing_.end() ? removing->second.by : "";
  if (auto row = co_await store_.remove(id, std::move(by)); !row && row.error().code != Code::kNotFound) co_return row;
  CO_TRY_VOID(co_await history_store_.remove_all(shard::home_of(id.slot()), id.str()));
  CO_TRY_VOID(co_await snapshots_.remove_all(shard::home_of(id.slot()), id.str()));
  removing_.erase(id);
  shard_.snapshotted(id.str(), engines::Position{UINT64_MAX});
  co_return Result<>{};
}

asio::awaitable<void> DocumentShard::finish_removals() {
  std::vector<DocumentId> due;
  for (const auto& [id, removing] : removing_) {
    if (!removing.live || !removing.live->snapshot_under_way) due.push_back(id);
  }
  for (const DocumentId id : due) {
    if (auto done = co_await finish_removal(id); !done) co_return;  // the next sweep tries again
  }
}

}  // namespace concord::documents
