// How a document of a shard is opened: its newest snapshot, and what the log has behind it.

#include <algorithm>

#include "documents/document_shard.h"
#include "vault/vault.h"

namespace concord::documents {

Task<> DocumentShard::load(Live document) {
  const std::int64_t began_ns = clock_.monotonic_ns();
  CO_TRY(const auto stored, co_await store_.stored(document->id()));
  if (!stored || document->removed) co_return fail(Code::kNotFound, "there is no such document");
  document->owner = stored->owner;
  if (store_.tells()) document->follow_annotations();
  CO_TRY(document->sealer, co_await vault_.sealer(stored->owner));
  CO_TRY(auto newest, co_await newest_snapshot(document, *stored));
  if (document->removed) co_return fail(Code::kNotFound, "there is no such document");
  if (newest) {
    CO_TRY_VOID(document->restore(std::move(newest->state), newest->version, newest->time, newest->position));
    // What recovery found of it may be older: a crash comes between a snapshot and the log's truncation.
    shard_.snapshotted(document->stream(), newest->position);
  }
  CO_TRY_VOID(co_await apply_tail(document));
  document->noted_version = document->dirty() ? 0 : document->version();
  if (store_.tells()) document->noted_version = std::min(stored->version, document->version());
  document->last_used_ns = clock_.monotonic_ns();
  document->dirty_since_ns = document->last_used_ns;
  metrics_.load_seconds.record(static_cast<double>(clock_.monotonic_ns() - began_ns) / 1e9);
  co_return Result<>{};
}

/// From the cache where that is certain to be new enough: what is behind the snapshot that the tables name is in the
/// log. Without a log of that age, as where the log or the tables were brought back to an earlier moment, the version
/// that the document is known to have come to tells.
Task<std::optional<shard::Snapshot>> DocumentShard::newest_snapshot(Live document, DocumentStore::Stored stored) {
  if (stored.snapshot && shard_.has_reached(stored.snapshot->position)) {
    CO_TRY(auto cached, co_await snapshots_.cached(document->home(), document->stream(), *stored.snapshot));
    const auto tail = tails_.find(document->id());
    const auto is_behind = [&cached](const auto& entry) { return entry.position > cached->position; };
    const auto behind = cached && tail != tails_.end() ? std::ranges::count_if(tail->second, is_behind) : 0;
    if (cached && cached->version + static_cast<std::uint64_t>(behind) >= stored.version) co_return cached;
  }
  CO_TRY(auto newest, co_await snapshots_.newest(document->home(), document->stream()));
  if (!newest) co_return std::nullopt;
  // Noted first: from here on the log may forget what it holds.
  if (stored.snapshot != newest->name) CO_TRY_VOID(co_await store_.note_snapshot(document->id(), newest->name));
  co_return std::move(newest->snapshot);
}

/// What recovery found behind the snapshot.
Task<> DocumentShard::apply_tail(Live document) {
  const auto tail = tails_.find(document->id());
  if (tail == tails_.end()) co_return Result<>{};
  vault::Opener opener;
  for (engines::LogEntry entry : std::vector(tail->second)) {  // a copy: opening waits
    if (entry.position <= document->position()) continue;
    if (entry.record.kind == static_cast<std::uint8_t>(RecordKind::kSealedUpdate)) {
      auto plain = co_await vault_.open(opener, document->stream(), Bytes(*entry.record.payload));
      if (!plain) co_return fail(std::move(plain.error()).with("position", std::to_string(entry.position.value)));
      entry.record.payload = std::make_shared<const Bytes>(std::move(*plain));
    }
    document->replay(entry.record, entry.position);
  }
  co_return Result<>{};
}

}  // namespace concord::documents
