#pragma once
// Brings the log's segments into the archive, piece by piece: whatever became durable since the last round.
//
// A round's bytes are one piece. So that neither pieces nor copying grow without bound, small pieces are written again
// as one: a new piece takes in the ones before it where kFanOut of them are no larger than a level, whose sizes grow by
// kFanOut. A segment of n rounds so has some kFanOut * log(n) pieces, and each byte is copied log(n) times.

#include <map>
#include <vector>

#include "archive/archive_writer.h"
#include "archive/layout.h"
#include "base/reactor.h"
#include "engines/segment_index.h"

namespace concord::archive {

class LogArchiver {
 public:
  static constexpr std::size_t kFanOut = 8;
  static constexpr std::uint64_t kLeastLevelBytes = 4096;

  using Extents = std::vector<engines::SegmentIndex::Extent>;

  LogArchiver(ArchiveWriter& archive, BlockingPool& pool, const Logger& logger)
      : archive_(archive), pool_(pool), logger_(logger) {}

  /// After the archive's manifest was loaded.
  void load();
  /// Everything that is durable in the segments. kConflict where the archive has more of one than the log.
  Task<> archive(Extents extents);
  /// Bytes of the segments that the archive does not have.
  std::uint64_t missing_bytes(const Extents& extents) const;
  std::size_t segments() const { return pieces_.size(); }
  /// Drops the segments before `passed` whose newest piece was archived before `before_ms`.
  void drop_old(std::uint32_t passed, std::int64_t before_ms);

 private:
  Result<> check_not_ahead(const Extents& extents) const;
  Task<> add_piece(engines::SegmentIndex::Extent extent);
  std::size_t absorbed(const std::vector<LogPiece>& pieces, std::uint64_t end) const;
  Task<bool> copy(const engines::Segment& segment, std::uint64_t begin, std::uint64_t end,
                  std::vector<LogPiece> absorbed, std::uint64_t serial);

  ArchiveWriter& archive_;
  BlockingPool& pool_;
  Logger logger_;
  std::map<std::uint32_t, std::vector<LogPiece>> pieces_;
};

}  // namespace concord::archive
