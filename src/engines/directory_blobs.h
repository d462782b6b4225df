#pragma once
// The embedded driver of the `blobs` port: a file for each object.
//
// Under the root, `objects/` has the key's segments as directories and the object as a file of the last segment's name
// with '=' behind it, which no key contains: so "a" and "a/b" may both exist. `incoming/` has what is being written;
// what a crash left there is removed on open. A commit syncs the file, renames it and syncs every directory it changed;
// until that is done nobody sees the object, so that nothing is built on what a loss of power would take away.

#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "engines/blobs.h"
#include "engines/file_system.h"

namespace concord::engines {

struct DirectoryBlobsOptions {
  std::string directory;  // made where it is missing
  std::size_t threads = 2;
  std::size_t max_queued = 4096;  // calls waiting for a thread; past it kUnavailable
  bool read_only = false;         // the directory may be another process's: nothing in it is made, changed or removed
};

class DirectoryBlobs final : public Blobs {
 public:
  static Result<std::unique_ptr<DirectoryBlobs>> open(FileSystem& files, DirectoryBlobsOptions options,
                                                      const Logger& logger, Metrics& metrics);
  /// Before the reactors whose coroutines wait are destroyed, and after its readers and writers.
  ~DirectoryBlobs() override;

  Task<std::unique_ptr<BlobWriter>> create(std::string key) override;
  Task<std::unique_ptr<BlobReader>> open(std::string key, std::uint64_t offset) override;
  Task<BlobInfo> stat(std::string key) override;
  Task<> remove(std::string key) override;
  Task<std::vector<BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) override;

 private:
  struct State;
  explicit DirectoryBlobs(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace concord::engines
