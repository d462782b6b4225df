#pragma once
// Writes the log of a restored hub: what its snapshots do not hold, at the positions that the records had.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "archive/archived_log.h"
#include "archive/restore_report.h"
#include "base/clock.h"
#include "engines/segment_appender.h"

namespace concord::archive {

struct RestoredLogOptions {
  engines::SegmentAppenderOptions log;
  /// Up to which position a stream's snapshot holds its records.
  std::function<std::uint64_t(std::string_view stream)> held;
  /// The greatest position that a snapshot of the shard names.
  std::function<std::uint64_t(std::uint32_t shard)> greatest;
  /// Whether the stream's records are wanted.
  std::function<bool(std::string_view stream)> wanted;
  bool cut = false;  // at the point in time that the archived log was inspected for
};

/// Each shard begins at its first record that no snapshot holds. From there on its positions have no gap: where a
/// record is missing or not wanted, one of kind 0 without a stream stands in. Behind it, and behind every position a
/// snapshot names, the numbering goes on, so that no position is given twice. All of it at epoch 0, below that of any
/// owner. Missing records that a snapshot may not hold are told in `report`.
Result<> write_restored_log(engines::FileSystem& files, const ArchivedLog& from, RestoredLogOptions options,
                            Clock& clock, RestoreReport& report);

}  // namespace concord::archive
