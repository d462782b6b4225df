#pragma once
// Makes the data directory of a new hub out of an archive alone.

#include <functional>
#include <optional>
#include <string>

#include "archive/restore_report.h"
#include "base/clock.h"
#include "base/reactor.h"
#include "base/task.h"
#include "engines/blobs.h"
#include "engines/file_system.h"
#include "vault/master_key.h"

namespace concord::archive {

struct RestoreOptions {
  std::string to;                            // the directory; it is not there, or is empty
  std::optional<std::int64_t> at_ms;         // Unix milliseconds: the hub as it was then; none: as it was last archived
  std::optional<std::string> document;       // only this one, with its rights; accounts are there all the same
  std::optional<vault::MasterKeys> masters;  // wanted where something was encrypted
  std::optional<std::string> master_key_file;  // copied into the directory
  std::uint64_t segment_bytes = 128U << 20U;
  std::function<std::uint64_t()> random64;
};

/// Everything is made in "<to>.restoring", which takes the place of `to` when it is whole and durable: until then there
/// is nothing at `to`. What is damaged or missing is told in the report, and the rest is restored. Fails where nothing
/// can be: no manifest or database that can be read (kCorrupt, kNotFound), no such document, a time before the
/// archive's first database (kNotFound), no master key for what was encrypted (kInvalidArgument), a directory that is
/// not empty (kConflict), no space (kUnavailable).
Task<RestoreReport> restore(engines::Blobs& archive, engines::FileSystem& files, RestoreOptions options,
                            BlockingPool& pool, Clock& clock);

}  // namespace concord::archive
