#pragma once
// The file operations under the embedded drivers, so that a test can put a faulty disk under the real code.
//
// Failures: kNotFound (no such file), kConflict (it exists), kUnavailable (everything else the system refuses: no
// space, an I/O error, no permission; the message has the operation, the path and the system's words). Any thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::engines {

/// An open file. Reads may run beside each other and beside one writer.
class File {
 public:
  virtual ~File() = default;
  /// pread: may be short; 0 at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  /// pwrite: may be short, never 0 for a non-empty `bytes`.
  virtual Result<std::size_t> write_at(std::uint64_t offset, ByteView bytes) = 0;
  /// fdatasync. After a failure nothing is known about what was written since the last success, and a second call that
  /// succeeds proves nothing about it.
  virtual Result<> sync() = 0;
  virtual Result<> truncate(std::uint64_t size_bytes) = 0;
  /// Reserves space and extends the file with zeros to at least `offset + size_bytes`.
  virtual Result<> allocate(std::uint64_t offset, std::uint64_t size_bytes) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

enum class OpenMode : std::uint8_t { kRead, kReadWrite, kCreate };  // kCreate: read and write, kConflict if it exists
enum class Replace : std::uint8_t { kNo, kYes };

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Atomic. With Replace::kNo an existing `to` is kConflict.
  virtual Result<> rename(const std::string& from, const std::string& to, Replace replace) = 0;
  virtual Result<> remove(const std::string& path) = 0;
  virtual Result<> make_directory(const std::string& path) = 0;
  /// Only where it is empty.
  virtual Result<> remove_directory(const std::string& path) = 0;
  /// fsync of a directory: makes what was created, renamed and removed in it durable.
  virtual Result<> sync_directory(const std::string& path) = 0;
  /// Makes durable whatever is below a directory, names and contents, also what another process has written.
  virtual Result<> sync_tree(const std::string& path) = 0;
  /// In no particular order, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
};

/// The machine's file system.
std::unique_ptr<FileSystem> make_posix_file_system();

/// All of `bytes`, in as many writes as it takes.
Result<> write_all(File& file, std::uint64_t offset, ByteView bytes);
/// Fills `into` as far as the file goes; returns the count.
Result<std::size_t> read_full(File& file, std::uint64_t offset, std::span<std::uint8_t> into);
/// The whole file; kTooLarge past `max_bytes`.
Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t max_bytes);
/// The directory and its missing parents, durably.
Result<> make_directories(FileSystem& files, const std::string& path);
/// Durable and atomic: a crash leaves the old content or the new. Writes `path`.tmp on the way.
Result<> replace_file(FileSystem& files, const std::string& path, ByteView content);
/// The part of `path` before its last '/'; "." where it has none.
std::string parent_directory(const std::string& path);

}  // namespace concord::engines
