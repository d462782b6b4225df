#pragma once
// The hub's blobs, with note taken of what changes, so that an archiver need not look for it. Any thread.

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engines/blobs.h"

namespace concord::archive {

/// Keys that were put or removed and have not been dealt with yet; of a key only its last change. Past kMost of them
/// they are forgotten, and only a listing of everything tells what has changed.
class BlobChanges {
 public:
  static constexpr std::size_t kMost = 200'000;
  enum class Change : std::uint8_t { kPut, kRemoved };

  void note(const std::string& key, Change change);
  /// At most `most`, taken out: what was put first, in the order of the keys.
  std::vector<std::pair<std::string, Change>> take(std::size_t most);
  std::size_t size() const;
  /// Whether changes were forgotten since the last call.
  bool take_overflow();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Change> changes_;  // guarded by mutex_
  bool overflow_ = false;                  // guarded by mutex_
};

class WatchedBlobs final : public engines::Blobs {
 public:
  /// Both outlive it.
  WatchedBlobs(engines::Blobs& blobs, BlobChanges& changes) : blobs_(blobs), changes_(changes) {}

  Task<std::unique_ptr<engines::BlobWriter>> create(std::string key) override;
  Task<std::unique_ptr<engines::BlobReader>> open(std::string key, std::uint64_t offset) override;
  Task<engines::BlobInfo> stat(std::string key) override;
  Task<> remove(std::string key) override;
  Task<std::vector<engines::BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) override;

 private:
  class Writer;

  engines::Blobs& blobs_;
  BlobChanges& changes_;
};

}  // namespace concord::archive
