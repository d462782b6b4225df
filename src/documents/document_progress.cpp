// How far a shard's live documents have come, as the tables note it, and with that what programs outside are told.

#include "documents/document_shard.h"

namespace concord::documents {

Task<> DocumentShard::note_progress() {
  std::vector<DocumentStore::Progress> progress;
  for (auto& [id, entry] : documents_) {
    LiveDocument& live = *entry.live;
    if (!entry.ready || live.version() == live.noted_version) continue;
    progress.push_back({id, live.version(), live.updated().wall_ms()});
    if (store_.tells()) progress.back().activity = live.activity_since(live.noted_version, shard_.id().value);
  }
  if (progress.empty()) co_return Result<>{};
  CO_TRY_VOID(co_await store_.note_progress(progress));
  for (const auto& one : progress) {
    const auto found = documents_.find(one.id);
    if (found == documents_.end()) continue;
    found->second.live->noted_version = one.version;
    found->second.live->told(one.version);
  }
  co_return Result<>{};
}

}  // namespace concord::documents
