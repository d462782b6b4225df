#pragma once
// The archive that a running hub keeps: the place it is in, the watch on the hub's blobs, and the archiver's life.

#include <optional>
#include <string>

#include "archive/archive_place.h"
#include "archive/archiver.h"
#include "archive/watched_blobs.h"
#include "base/reactor.h"
#include "engines/open.h"

namespace concord::archive {

class HubArchive {
 public:
  /// The place is opened, or made, by the first round: that it cannot be used stops no hub. What is passed by reference
  /// outlives it.
  HubArchive(std::string directory, ArchiverOptions options, engines::Engines& engines, Clock& clock,
             const Logger& logger, Metrics& metrics);
  ~HubArchive();
  HubArchive(const HubArchive&) = delete;
  HubArchive& operator=(const HubArchive&) = delete;

  /// The hub's blobs, for everyone in the hub that writes some.
  engines::Blobs& blobs() { return watched_; }

  /// Begins its rounds, on the reactor, where `stop` is called too.
  void start(Reactor& reactor);
  /// One last round, as far as it comes before this moment of the monotonic clock (a call to the file system that is
  /// under way then is waited for), and no more.
  asio::awaitable<void> stop(std::int64_t until_ns);

  /// Any thread: why the archive falls behind, if it does.
  Result<> state() const { return archiver_.state(); }

 private:
  static ArchiveSource source_of(engines::Engines& engines, BlobChanges& changes);

  BlobChanges changes_;
  WatchedBlobs watched_;
  BlockingPool pool_{1};  // of its own: a slow archive holds nobody up
  ArchivePlace place_;
  Archiver archiver_;
  std::optional<TaskScope> tasks_;
};

}  // namespace concord::archive
