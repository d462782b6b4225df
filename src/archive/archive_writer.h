#pragma once
// Writes objects into an archive, and the manifest that names them. One coroutine at a time.
//
// An object is durable before the manifest names it; an object that no manifest names any more stays for kGraceMs, so
// that who reads the archive by the manifest before still finds it. What a crash left that no manifest names is removed
// by `load`. After a failure the manifest in memory may be ahead of the archive's: `load` again.

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "archive/manifest.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/blobs.h"

namespace concord::archive {

class ArchiveWriter {
 public:
  static constexpr std::int64_t kGraceMs = 600'000;

  /// Where objects become durable all at once. `true`: what was written so far is durable when it returns, and from
  /// then on each object is at its commit; `false`: not any more.
  using Durability = std::function<Result<>(bool)>;
  /// What is passed by reference outlives it. Without `durability` each object is durable at its commit.
  ArchiveWriter(engines::Blobs& target, Clock& clock, const Logger& logger, Metrics& metrics,
                Durability durability = {});

  /// Takes up where the archive stands. kConflict where it is the archive of another log; kCorrupt where its manifest
  /// is damaged: nothing in it is touched then.
  Task<> load(engines::LogIdentity log);
  Manifest& manifest() { return manifest_; }
  const Manifest& manifest() const { return manifest_; }

  /// An object being written. Dropped before its commit it leaves nothing.
  class Object {
   public:
    Task<> write(SharedBytes piece);
    /// In the manifest that the next `commit` writes.
    Task<> commit();
    std::uint32_t checksum() const { return object_.checksum; }

   private:
    friend class ArchiveWriter;
    Object(ArchiveWriter& archive, std::string key, std::unique_ptr<engines::BlobWriter> writer)
        : archive_(archive), key_(std::move(key)), writer_(std::move(writer)) {}

    ArchiveWriter& archive_;
    std::string key_;
    std::unique_ptr<engines::BlobWriter> writer_;
    ArchivedObject object_;
  };
  /// The manifest does not have the key.
  Task<std::unique_ptr<Object>> begin(std::string key);
  Task<> put(std::string key, SharedBytes bytes);
  /// `at_once`: removed as soon as the manifest does not name it any more, whoever may be reading.
  void drop(const std::string& key, bool at_once = false);

  /// From this moment of the monotonic clock on nothing is written, and every call that would is kUnavailable. A call
  /// to the place that is under way then is not cut.
  void end_by(std::int64_t until_ns) { until_ns_ = until_ns; }

  /// Writes the manifest where something has changed; then, and only then, does the archive have it. `time_ms` as
  /// Manifest::time_ms.
  Task<> commit(std::int64_t time_ms, bool complete);

 private:
  struct Instruments {
    explicit Instruments(Metrics& metrics);
    Counter& written_bytes;
    Counter& objects_written;
    Counter& objects_removed;
    Gauge& objects;
    Gauge& bytes;
  };
  struct Unneeded {
    std::int64_t due_ms = 0;
    std::string key;
  };

  Result<> in_time();
  Task<> remove_orphans(std::uint64_t first_manifest);
  Task<> remove_due(std::int64_t now_ms);

  engines::Blobs& target_;
  Clock& clock_;
  Logger logger_;
  Instruments instruments_;
  Durability durability_;
  std::int64_t until_ns_ = std::numeric_limits<std::int64_t>::max();
  Manifest manifest_;
  std::uint64_t whole_number_ = 0;  // of the newest whole manifest
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t change_bytes_ = 0;  // of those since
  std::vector<Unneeded> dropped_;   // since the last commit, from which `due_ms` counts
  std::deque<Unneeded> unneeded_;
};

/// The newest manifest of an archive, and what stands in the way of a newer one.
struct FoundManifest {
  Manifest manifest;
  std::uint64_t whole_number = 0;  // of the whole manifest that it was read from
  std::uint64_t whole_bytes = 0;
  std::uint64_t change_bytes = 0;
  std::vector<std::string> damage;  // of newer manifests than this one, in words
};
/// kNotFound where there is none, kCorrupt where none can be read.
Task<FoundManifest> find_manifest(engines::Blobs& archive);

}  // namespace concord::archive
