#pragma once
// Opens the segments of a log: reads every frame, rebuilds the index, cuts a torn tail, finds damage.
//
// A write is torn where the process or the machine died before its sync; nothing in it was acknowledged. Only the last
// write of the last segment can be torn, since a write begins after the sync of the one before. Each frame says at
// which offset its write began, so a bad frame at X is damage, not a torn tail, where a whole frame behind X belongs to
// a write that began behind X; and always in a segment that has a successor, up to the durable end which the successor
// names.
//
// A newest segment whose header or head is not whole was being made when the machine died: it is removed.
//
// Damage loses records. Whose is not known from the bytes, but every whole frame behind it proves its shard by its
// position: the next expected one, and nothing is missing. A shard that is not proven by any frame, or whose
// positions jump, is answered with kCorrupt until it is repaired; the others go on.

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engines/file_system.h"
#include "engines/segment_index.h"

namespace concord::engines {

/// Bytes [begin, end) of a segment, and what is wrong with them.
struct SegmentDamage {
  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string what;
};

struct RecoveredLog {
  /// Where appending goes on; null: in a new segment.
  std::shared_ptr<const Segment> active;
  std::uint64_t active_end = 0;
  /// The newest segment and its end, also where it is not appended to any more; 0: there is none.
  std::uint32_t last_number = 0;
  std::uint64_t last_end = 0;
  /// The highest number of any segment file; new ones come after it.
  std::uint32_t highest_number = 0;
  std::optional<LogIdentity> identity;
  std::vector<SegmentDamage> damage;
  /// What was cut or removed because it was never acknowledged: torn tails, segments that were begun or given up.
  std::vector<SegmentDamage> cut;
  std::uint64_t frames = 0;
  std::uint64_t read_bytes = 0;
};

/// Fills the empty `index` from the segments in `directory`, which exists, and makes durable what it found. Fails only
/// where the file system does: kUnavailable.
Result<RecoveredLog> recover_segments(FileSystem& files, const std::string& directory, SegmentIndex& index,
                                      const Logger& logger);

}  // namespace concord::engines
