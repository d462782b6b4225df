#pragma once
// What bounds documents and their live sessions. The settings are in settings.cpp.

#include <cstddef>
#include <cstdint>

#include "documents/awareness.h"

namespace concord::documents {

struct DocumentLimits {
  std::size_t max_document_bytes = 5u << 20u;  // of its JSON
  std::size_t max_encoded_bytes = 0;           // of its encoded state; 0: four times as many
  std::size_t snapshot_after_bytes = 256u << 10u;
  std::int64_t snapshot_after_ms = 300'000;  // since the oldest update that no snapshot has
  std::int64_t idle_ms = 30'000;
  std::size_t version_cache_bytes = 64u << 20u;  // of a node, shared out among its shards
  std::int64_t sign_in_deadline_ms = 10'000;     // from the opened socket to a valid token
  std::size_t messages_per_second = 1'000;       // of one session, with bursts of four times as many
  std::size_t max_unsent_bytes = 1u << 20u;      // that wait for a session's client before it is told no more updates
  std::int64_t slow_reader_ms = 30'000;          // how long they may
  std::size_t sessions_per_user = 1'000;         // 0: without limit
  std::size_t sessions_opening = 32;             // of one shard at once; others wait
  std::size_t max_opening_bytes = 256u << 20u;   // of a node: what clients have sent before their sessions are open
  std::size_t max_unsent_sync_bytes = 256u << 20u;  // of a node: first answers that clients have not taken
  AwarenessLimits awareness;
  std::int64_t mention_mail_ms = 600'000;  // between two to one person about one document; 0: none are sent
  std::int64_t last_seen_ms = 30LL * 24 * 3600 * 1000;  // how long the bus keeps who was at a document; 0: not at all

  std::size_t encoded_bytes() const { return max_encoded_bytes != 0 ? max_encoded_bytes : 4 * max_document_bytes; }
  /// What a SnapshotStore of such documents must take: what only deletes is always taken, and leaves marks.
  std::size_t snapshot_bytes() const { return 2 * encoded_bytes(); }
  /// Beyond which presence is left out.
  std::size_t presence_unsent_bytes() const { return max_unsent_bytes / 16; }
};

/// What a HistoryStore of such documents must take in one chunk.
std::size_t max_history_chunk(const DocumentLimits& limits);

}  // namespace concord::documents
