#pragma once
// Looks at and repairs the segment log of a hub that is not running. No port: it knows the embedded driver's files.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engines/file_system.h"
#include "engines/segment_appender.h"
#include "engines/segment_recovery.h"

namespace concord::engines {

/// What opening the log would find. Changes nothing; holds its files open.
struct LogInspection {
  std::unique_ptr<FileSystem> files;  // the caller's, with everything that changes left out
  SegmentIndex index;
  RecoveredLog found;
};
Result<std::unique_ptr<LogInspection>> inspect_log(FileSystem& files, const std::string& directory);

/// What stands in the segments' files: every whole frame, and between them what is none. Either is null.
struct LogItem {
  const std::string* path = nullptr;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const Frame* frame = nullptr;
  const FrameFault* fault = nullptr;
};
/// In the order of the files. Zeros at the end of a file are not told; a segment's header is, as a fault, where it is
/// bad.
Result<> walk_log(FileSystem& files, const std::string& directory,
                  const std::function<Result<>(const LogItem&)>& visit);

struct LogRepair {
  struct Shard {
    ShardId shard;
    std::uint64_t records = 0;    // copied
    std::uint64_t stand_ins = 0;  // records of kind 0 without a stream, where a record is lost or may be
  };
  std::vector<Shard> shards;
  std::string set_aside;  // the damaged log as it was
};

/// Writes every record that is whole into a new log, which takes the place of the old one; that one is kept beside it,
/// untouched. Where records of a shard are lost, records of kind 0 without a stream hold their positions, so that what
/// names a position (a snapshot) stays right; behind damage that may have been at the end of a shard there are as many
/// as the damaged bytes could hold. After a crash the old log is there, or the new one once the next start has called
/// `finish_repair`. kConflict where the log has no damage; kUnavailable where the file system fails, for example for
/// want of space: the log is there twice for a while. `options` are those the hub writes with; their directory is the
/// log's.
Result<LogRepair> repair_log(FileSystem& files, const SegmentAppenderOptions& options, Clock& clock,
                             const Logger& logger);

/// Puts a repaired log in its place where a crash came between the two renames of `repair_log`.
Result<> finish_repair(FileSystem& files, const std::string& directory);

}  // namespace concord::engines
