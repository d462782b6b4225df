#pragma once
// Keeps a second hub out of a data directory.

#include <memory>
#include <string>

#include "base/result.h"

namespace concord::engines {

/// Held as long as the object lives, and given up by the system when the process dies.
class DataLock {
 public:
  /// Locks the file `LOCK` in the directory, which exists, and writes the process's number into it. kConflict while
  /// another process (or another DataLock of this one) holds it; the message names the directory and the process.
  static Result<std::unique_ptr<DataLock>> take(const std::string& directory);
  ~DataLock();
  DataLock(const DataLock&) = delete;
  DataLock& operator=(const DataLock&) = delete;

 private:
  explicit DataLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace concord::engines
