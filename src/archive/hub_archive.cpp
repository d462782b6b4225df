#include "archive/hub_archive.h"

namespace concord::archive {

HubArchive::HubArchive(std::string directory, ArchiverOptions options, engines::Engines& engines, Clock& clock,
                       const Logger& logger, Metrics& metrics)
    : watched_(*engines.blobs, changes_),
      place_(*engines.embedded.files, std::move(directory), pool_, logger),
      archiver_(place_, source_of(engines, changes_), std::move(options), pool_, clock, logger, metrics) {
  metrics.gauge_from("concord_archive_lag_seconds",
                     "Time since the moment before which everything acknowledged is in the archive.",
                     [this] { return archiver_.lag_seconds(); });
}

HubArchive::~HubArchive() { pool_.stop(); }

ArchiveSource HubArchive::source_of(engines::Engines& engines, BlobChanges& changes) {
  engines::SegmentLog* log = engines.embedded.log;
  ArchiveSource source;
  source.log = log->identity();
  source.extents = [log] { return log->extents(); };
  source.release = [log](std::uint32_t number) { log->release_before(number); };
  source.blobs = engines.blobs.get();
  source.changes = &changes;
  source.files = engines.embedded.files;
  source.database_path = engines.embedded.database_path;
  source.temporary_path = engines.embedded.database_path + ".archiving";
  return source;
}

void HubArchive::start(Reactor& reactor) {
  tasks_.emplace(reactor);
  tasks_->spawn(archiver_.run());
}

asio::awaitable<void> HubArchive::stop(std::int64_t until_ns) {
  archiver_.end_by(until_ns);
  if (tasks_) co_await tasks_->close();
}

}  // namespace concord::archive
