#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "engines/file_system.h"

namespace concord::engines {
namespace {

std::unexpected<Error> system_failure(std::string_view operation, const std::string& path, int error) {
  Code code = Code::kUnavailable;
  if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
  if (error == EEXIST || error == ENOTEMPTY) code = Code::kConflict;
  return fail(Error{code,
                    "cannot " + std::string(operation) + " " + path + ": " + std::generic_category().message(error),
                    {{"errno", std::to_string(error)}}});
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t count = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return system_failure("read", path_, errno);
    }
  }

  Result<std::size_t> write_at(std::uint64_t offset, ByteView bytes) override {
    for (;;) {
      const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count > 0 || (count == 0 && bytes.empty())) return static_cast<std::size_t>(count);
      if (count == 0) return system_failure("write", path_, EIO);
      if (errno != EINTR) return system_failure("write", path_, errno);
    }
  }

  Result<> sync() override {
    if (::fdatasync(fd_) != 0) return system_failure("sync", path_, errno);
    return {};
  }

  Result<> truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(size_bytes)) != 0) return system_failure("truncate", path_, errno);
    return {};
  }

  Result<> allocate(std::uint64_t offset, std::uint64_t size_bytes) override {
    if (::fallocate(fd_, 0, static_cast<off_t>(offset), static_cast<off_t>(size_bytes)) != 0)
      return system_failure("allocate", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) return system_failure("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  int fd_;
  std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    if (mode == OpenMode::kRead) flags |= O_RDONLY;
    if (mode == OpenMode::kReadWrite) flags |= O_RDWR;
    if (mode == OpenMode::kCreate) flags |= O_RDWR | O_CREAT | O_EXCL;
    const int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0) return system_failure("open", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  Result<> rename(const std::string& from, const std::string& to, Replace replace) override {
    if (replace == Replace::kYes) {
      if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("rename to", to, errno);
      return {};
    }
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS) return system_failure("rename to", to, errno);
    // A file system without RENAME_NOREPLACE: a hard link refuses to replace as well.
    if (::link(from.c_str(), to.c_str()) != 0) return system_failure("rename to", to, errno);
    return remove(from);
  }

  Result<> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return system_failure("remove", path, errno);
    return {};
  }

  Result<> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0) return system_failure("make directory", path, errno);
    return {};
  }

  Result<> remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) return system_failure("remove directory", path, errno);
    return {};
  }

  Result<> sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_failure("open directory", path, errno);
    const int failed = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (failed != 0) return system_failure("sync directory", path, failed);
    return {};
  }

  /// syncs the whole file system that the directory is on: the one call that knows what is dirty.
  Result<> sync_tree(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_failure("open directory", path, errno);
    const int failed = ::syncfs(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (failed != 0) return system_failure("sync file system of", path, failed);
    return {};
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return system_failure("list", path, errno);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      bool is_directory = entry->d_type == DT_DIR;
      if (entry->d_type == DT_UNKNOWN) {
        struct stat status{};
        std::string whole = path;
        whole.append("/").append(name);
        is_directory = ::stat(whole.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      }
      entries.push_back({name, is_directory});
      errno = 0;
    }
    const int failed = errno;
    ::closedir(directory);
    if (failed != 0) return system_failure("list", path, failed);
    return entries;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace concord::engines
