#pragma once
// Brings the blobs of documents from an archive into a new hub's, as they are now or as they were.
//
// Now: the newest snapshot and every chunk of history. At a point in time: the records of history up to it, a chunk
// that goes beyond being cut; and the newest snapshot, if it is no later. If it is, the state is made again from the
// history, which then has every record up to that time, and the snapshot stands at the last position of its shard
// before it.
//
// What was sealed stays as it is, and is opened only where it must be looked into: for a point in time, and to make a
// damaged snapshot again. A document whose state cannot be made is left so that the hub refuses it, rather than empty.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/archived_log.h"
#include "archive/layout.h"
#include "archive/restore_report.h"
#include "documents/history_store.h"
#include "shard/snapshot_store.h"
#include "vault/vault.h"

namespace concord::archive {

class RestoredDocuments {
 public:
  struct Target {
    engines::Blobs& blobs;
    vault::Vault& vault;  // over the same blobs
    BlockingPool& pool;
  };
  using Owners = std::map<std::string, UserId, std::less<>>;
  /// `documents`: those that the restored database has, and whose they are; the blobs of others are left out.
  RestoredDocuments(engines::Blobs& archive, const Manifest& manifest, const ArchivedLog& log, Target target,
                    Owners documents, std::optional<HybridTime> at, RestoreReport& report);

  Task<> run();

  /// What the stream's snapshot holds: its log up to there is not needed. 0: it has none.
  std::uint64_t held(const std::string& stream) const;
  /// The greatest position that a snapshot of the shard names; 0: it has none.
  std::uint64_t greatest(std::uint32_t shard) const;

 private:
  struct Stream {
    std::uint32_t shard = 0;
    std::vector<std::string> snapshots;  // keys of the hub, oldest first
    std::vector<std::string> chunks;
  };
  Task<> copy_other(std::string key);
  Task<> restore(std::string name, Stream stream);
  /// Absent where it is damaged, which is reported, or cannot be opened.
  template <class Content>
  Task<std::optional<Content>> look_into(std::string key, Bytes bytes,
                                         Result<Content> (*decode)(ByteView, std::size_t));
  Task<std::optional<Bytes>> open(std::string key, Bytes bytes);
  Task<std::uint64_t> restore_history(std::string name, Stream stream);
  Task<> rebuild(std::string name, Stream stream, std::uint64_t version, std::uint64_t position, HybridTime time);
  Task<> refuse(Stream stream, std::string name, std::uint64_t position);
  Task<std::optional<Bytes>> read(std::string key);
  Task<> put(std::string key, Bytes bytes);
  void keep(const std::string& name, std::uint32_t shard, std::uint64_t position);
  std::uint64_t cut_of(std::uint32_t shard) const;

  engines::Blobs& archive_;
  const Manifest& manifest_;
  const ArchivedLog& log_;
  Target target_;
  Owners documents_;
  std::optional<HybridTime> at_;
  RestoreReport& report_;
  documents::HistoryStore history_;
  shard::SnapshotStore snapshots_;
  HybridTime last_time_;  // of the last record that restore_history has kept
  std::map<std::string, std::uint64_t> held_;
  std::map<std::uint32_t, std::uint64_t> greatest_;
};

}  // namespace concord::archive
