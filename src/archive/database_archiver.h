#pragma once
// Brings the database into the archive whenever it has changed: as one commit left it, the pages that differ from the
// version before. Copying costs time that grows with the database, so it rests for kRest times what the last copy took.
//
// Versions thin out: of those older than kFineMs so many stay that at any time the newest is less than kCoarseMs older
// than the newest that was; of those older than the retention, what the newest of them needs.

#include <memory>
#include <string>
#include <vector>

#include "archive/archive_writer.h"
#include "archive/database_image.h"
#include "base/reactor.h"
#include "engines/sqlite_copy.h"

namespace concord::archive {

class DatabaseArchiver {
 public:
  static constexpr std::int64_t kRest = 20;
  static constexpr std::int64_t kFineMs = 24 * 3'600'000LL;
  static constexpr std::int64_t kCoarseMs = 3'600'000;
  static constexpr std::uint64_t kMinChangeBytes = 4U << 20U;  // of changes before all pages are archived again

  /// `path` is the database's; a copy of it is made in `temporary` and removed again.
  DatabaseArchiver(ArchiveWriter& archive, engines::FileSystem& files, std::string path, std::string temporary,
                   BlockingPool& pool, Clock& clock)
      : archive_(archive),
        files_(files),
        path_(std::move(path)),
        temporary_(std::move(temporary)),
        pool_(pool),
        clock_(clock) {}

  /// After the archive's manifest was loaded.
  void load();
  /// A new version where the database has changed and the rest is over.
  Task<> archive();
  /// Drops versions by their age; `keep_ms` is the retention, 0: for good.
  void thin_out(std::int64_t now_ms, std::int64_t keep_ms);

 private:
  Task<> copy();

  ArchiveWriter& archive_;
  engines::FileSystem& files_;
  std::string path_;
  std::string temporary_;
  BlockingPool& pool_;
  Clock& clock_;
  std::unique_ptr<engines::SqliteCopier> copier_;
  std::int64_t version_ = -1;  // of the database, as SqliteCopier tells it
  std::int64_t rest_until_ns_ = 0;
  std::uint64_t newest_ = 0;  // version in the archive
  std::uint64_t whole_ = 0;   // the newest that has all pages; 0: the next one is to
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t change_bytes_ = 0;
  std::vector<PageDigest> pages_;
};

}  // namespace concord::archive
