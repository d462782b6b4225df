#pragma once
// The segments of an archive, put together from their pieces in a directory, and their records in order.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/layout.h"
#include "archive/restore_report.h"
#include "base/reactor.h"
#include "base/task.h"
#include "engines/blobs.h"
#include "engines/file_system.h"
#include "engines/segment_reader.h"

namespace concord::archive {

class ArchivedLog {
 public:
  struct Shard {
    std::uint64_t begin = 0;  // position of the first record that is there; 0: none is
    std::uint64_t next = 1;   // behind the last record, as records and states say
    std::uint64_t kept = 1;   // what was before was held by snapshots of the hub
    std::uint64_t cut = 0;    // the last position of a record no later than the point in time
    /// Positions [from, to) of which no record is there, behind `begin`.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  };
  using Visit = std::function<Result<>(const engines::Frame&)>;

  ArchivedLog(engines::FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  /// Reads the pieces into the directory, which is made. What is damaged or missing is told in `report`, and is a hole.
  Task<> assemble(engines::Blobs& archive, const Manifest& manifest, BlockingPool& pool, RestoreReport& report);

  /// Every record once, each shard's in the order of its positions. Positions that were written again, after a repair
  /// of the log, count as first written.
  Result<> visit(const Visit& visit) const;

  /// Looks at all frames once, and tells in `report` of bytes that are none. Records later than `until` are cut off.
  Result<> inspect(HybridTime until, RestoreReport& report);
  const std::map<std::uint32_t, Shard>& shards() const { return shards_; }

 private:
  struct Assembled {
    std::uint32_t number = 0;
    std::string path;
    std::uint64_t end = 0;
    std::unique_ptr<engines::File> file;
  };
  struct Item {
    const Assembled* segment = nullptr;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    const engines::Frame* frame = nullptr;  // null: these bytes are no frame
    std::string_view fault;
  };
  Result<> walk(const std::function<Result<>(const Item&)>& visit) const;
  Result<> walk_segment(const Assembled& segment, const std::function<Result<>(const Item&)>& visit) const;
  void check_chain(RestoreReport& report) const;
  void note(const engines::Frame& frame, HybridTime until);

  engines::FileSystem& files_;
  std::string directory_;
  std::vector<Assembled> segments_;
  std::map<std::uint32_t, Shard> shards_;
};

}  // namespace concord::archive
