#include "engines/unsynced_files.h"

namespace concord::engines {
namespace {

class UnsyncedFile final : public File {
 public:
  UnsyncedFile(std::unique_ptr<File> file, const std::atomic<bool>& deferring)
      : file_(std::move(file)), deferring_(deferring) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return file_->read_at(offset, into);
  }
  Result<std::size_t> write_at(std::uint64_t offset, ByteView bytes) override { return file_->write_at(offset, bytes); }
  Result<> sync() override { return deferring_ ? Result<>{} : file_->sync(); }
  Result<> truncate(std::uint64_t size_bytes) override { return file_->truncate(size_bytes); }
  Result<> allocate(std::uint64_t offset, std::uint64_t size_bytes) override {
    return file_->allocate(offset, size_bytes);
  }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
  const std::atomic<bool>& deferring_;
};

class UnsyncedFiles final : public FileSystem {
 public:
  UnsyncedFiles(FileSystem& files, const std::atomic<bool>& deferring) : files_(files), deferring_(deferring) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    TRY(auto file, files_.open(path, mode));
    return std::make_unique<UnsyncedFile>(std::move(file), deferring_);
  }
  Result<> rename(const std::string& from, const std::string& to, Replace replace) override {
    return files_.rename(from, to, replace);
  }
  Result<> remove(const std::string& path) override { return files_.remove(path); }
  Result<> make_directory(const std::string& path) override { return files_.make_directory(path); }
  Result<> remove_directory(const std::string& path) override { return files_.remove_directory(path); }
  Result<> sync_directory(const std::string& path) override {
    return deferring_ ? Result<>{} : files_.sync_directory(path);
  }
  Result<> sync_tree(const std::string& path) override { return files_.sync_tree(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return files_.list(path); }

 private:
  FileSystem& files_;
  const std::atomic<bool>& deferring_;
};

const std::atomic<bool> kAlways = true;

}  // namespace

std::unique_ptr<FileSystem> make_unsynced(FileSystem& files) { return std::make_unique<UnsyncedFiles>(files, kAlways); }
std::unique_ptr<FileSystem> make_unsynced(FileSystem& files, const std::atomic<bool>& deferring) {
  return std::make_unique<UnsyncedFiles>(files, deferring);
}

}  // namespace concord::engines
