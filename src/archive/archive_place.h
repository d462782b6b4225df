#pragma once
// The directory that an archive is in. It is opened when it is first used, again and again until that succeeds: a disk
// that is not there yet stops nobody.

#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "engines/data_lock.h"
#include "engines/directory_blobs.h"

namespace concord::archive {

/// One coroutine at a time. Every call is kUnavailable where the directory cannot be used, kConflict where another
/// process writes into it.
class ArchivePlace final : public engines::Blobs {
 public:
  /// What is passed by reference outlives it.
  ArchivePlace(engines::FileSystem& files, std::string directory, BlockingPool& pool, const Logger& logger)
      : files_(files), directory_(std::move(directory)), pool_(pool), logger_(logger) {}

  Task<std::unique_ptr<engines::BlobWriter>> create(std::string key) override;
  Task<std::unique_ptr<engines::BlobReader>> open(std::string key, std::uint64_t offset) override;
  Task<engines::BlobInfo> stat(std::string key) override;
  Task<> remove(std::string key) override;
  Task<std::vector<engines::BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) override;

 private:
  Task<> ready();

  engines::FileSystem& files_;
  std::string directory_;
  BlockingPool& pool_;
  Logger logger_;
  Metrics metrics_;  // of the objects in the directory: read by nobody, the archiver counts what it does
  std::unique_ptr<engines::DataLock> lock_;
  std::unique_ptr<engines::Blobs> blobs_;
};

}  // namespace concord::archive
