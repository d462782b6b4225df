#pragma once
// The record once more as JSON lines, for whoever collects them. Blocks: on a pool. One caller at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/audit_store.h"
#include "engines/file_system.h"

namespace concord::audit {

class AuditFile {
 public:
  AuditFile(engines::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// Opens or makes the file, cuts a line that was not finished, and tells the number of the last one (0: none).
  /// kCorrupt where the file ends in something else; it is left as it is.
  Result<std::uint64_t> open();
  /// Writes the lines, each with a line feed. After a failure `open` tells where the file stands.
  Result<> append(const std::vector<Line>& lines);

 private:
  engines::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<engines::File> file_;
  std::uint64_t size_ = 0;
};

}  // namespace concord::audit
