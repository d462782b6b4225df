#pragma once
// What documents were: every update with its author and time, in chunks that are written once, when the document is
// snapshotted, and never changed. Some chunks end with the document's state, so that no version is far from one.
//
//   key      history/<shard>/<stream>/<first version>-<last version>-<k with a state at its end, r without>, 20 digits
//   each content  "CHST" | u8 format = 1 or 2 | zstd frame with content checksum of:
//            varuint records, varuint first version, for each: u64 hybrid time, var_string principal, var_bytes update;
//            var_bytes state (update format V1; empty: none)          (u64 little-endian; var_*: base/varint.h)
//            in format 2: varuint count, then for each of the records that only annotate: varuint its place, from 0
//
// and all of it sealed for the document's owner, with the key as its place, where the vault seals (vault/sealed.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/reactor.h"
#include "engines/blobs.h"
#include "engines/log.h"
#include "vault/vault.h"

namespace concord::documents {

/// The update that made `version` of the one before.
struct HistoryRecord {
  std::uint64_t version = 0;
  HybridTime time;
  std::string principal;
  SharedBytes update;
  bool only_annotates = false;  // it touches comments and suggestions alone
  std::uint64_t restores = 0;   // the version it brings back; known while it is in no chunk yet
};

struct HistoryChunk {
  std::vector<HistoryRecord> records;  // one version after the other
  Bytes state;                         // after the last record; empty: not kept here
};

Bytes encode_history(const HistoryChunk& chunk);
/// kCorrupt where the bytes are no chunk, are damaged, or declare more than `max_bytes`.
Result<HistoryChunk> decode_history(ByteView bytes, std::size_t max_bytes);

struct HistoryChunkName {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool has_state = false;
  std::uint64_t size_bytes = 0;  // as stored
};

/// Any reactor. Compression runs on the pool.
class HistoryStore {
 public:
  HistoryStore(engines::Blobs& blobs, vault::Vault& vault, BlockingPool& pool, std::size_t max_chunk_bytes)
      : blobs_(blobs), vault_(vault), pool_(pool), max_chunk_bytes_(max_chunk_bytes) {}

  /// Oldest first.
  Task<std::vector<HistoryChunkName>> list(engines::ShardId shard, std::string stream);
  Task<HistoryChunk> read(engines::ShardId shard, std::string stream, HistoryChunkName name);
  /// Durable when it returns. The chunk has a record; writing the same versions again succeeds. `owner`: whose key
  /// seals it.
  Task<> write(engines::ShardId shard, std::string stream, UserId owner, HistoryChunk chunk);
  Task<> remove_all(engines::ShardId shard, std::string stream);

 private:
  engines::Blobs& blobs_;
  vault::Vault& vault_;
  BlockingPool& pool_;
  std::size_t max_chunk_bytes_;
};

}  // namespace concord::documents
