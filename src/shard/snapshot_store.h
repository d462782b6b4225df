#pragma once
// Snapshots of a shard's streams, as blobs. A snapshot makes the stream's log before it expendable.
//
//   key      snapshots/<shard>/<stream>/<position, 20 digits>
//   content  "CSNP" | u8 format = 1 | zstd frame with content checksum of:
//            u64 position | u64 version | u64 hybrid time | state      (integers little-endian)
//
// and all of it sealed for its owner, with the key as its place, where the vault seals (vault/sealed.h).
//
// Where the hub has a cache, the newest snapshot of a stream lies there too, as it is stored. It is used only where its
// digest is the one in the snapshot's name, which whoever uses a store keeps durably: a cache that is old, damaged, or
// of another time of the hub costs a look, and never brings a state back.

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/reactor.h"
#include "engines/blobs.h"
#include "engines/log.h"
#include "shard/snapshot_cache.h"
#include "vault/vault.h"

namespace concord::shard {

struct Snapshot {
  engines::Position position;  // of the last record it holds
  std::uint64_t version = 0;   // the state machine's own count
  HybridTime time;             // of the last record it holds
  Bytes state;
};

/// One that is stored.
struct SnapshotName {
  engines::Position position;
  std::string digest;  // SHA-256 of what is stored, as it lies there; in hexadecimal
  bool operator==(const SnapshotName&) const = default;
};

Bytes encode_snapshot(const Snapshot& snapshot);
/// kCorrupt where the bytes are not a snapshot, are damaged, or declare a state over `max_state_bytes`.
Result<Snapshot> decode_snapshot(ByteView bytes, std::size_t max_state_bytes);

/// Any reactor. Compression runs on the pool.
class SnapshotStore {
 public:
  /// `cache` may be null.
  SnapshotStore(engines::Blobs& blobs, vault::Vault& vault, BlockingPool& pool, std::size_t max_state_bytes,
                SnapshotCache* cache = nullptr)
      : blobs_(blobs), vault_(vault), pool_(pool), max_state_bytes_(max_state_bytes), cache_(cache) {}

  /// The cached one of that name, whatever newer ones there may be. nullopt where it is not there, or is not it.
  Task<std::optional<Snapshot>> cached(engines::ShardId shard, std::string stream, SnapshotName name);

  struct Stored {
    Snapshot snapshot;
    SnapshotName name;
  };
  /// Of the blobs; the cache has it from then on. kCorrupt, never an older one in its place: the log behind the newest
  /// may be gone.
  Task<std::optional<Stored>> newest(engines::ShardId shard, std::string stream);
  /// Durable when it returns; older snapshots of the stream are removed after that. `owner`: whose key seals it. Where
  /// one of that position was there before, which holds the same, it stays, and the name is that of the cached one.
  Task<SnapshotName> write(engines::ShardId shard, std::string stream, UserId owner, Snapshot snapshot);
  Task<> remove_all(engines::ShardId shard, std::string stream);

 private:
  Task<> remove_except(engines::ShardId shard, std::string stream, std::string keep);

  engines::Blobs& blobs_;
  vault::Vault& vault_;
  BlockingPool& pool_;
  std::size_t max_state_bytes_;
  SnapshotCache* cache_;  // null: there is none
};

}  // namespace concord::shard
