#include "engines/file_system.h"

namespace concord::engines {

Result<> write_all(File& file, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    TRY(const std::size_t count, file.write_at(offset, bytes));
    bytes = bytes.subspan(count);
    offset += count;
  }
  return {};
}

Result<std::size_t> read_full(File& file, std::uint64_t offset, std::span<std::uint8_t> into) {
  std::size_t total = 0;
  while (total < into.size()) {
    TRY(const std::size_t count, file.read_at(offset + total, into.subspan(total)));
    if (count == 0) break;
    total += count;
  }
  return total;
}

Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t max_bytes) {
  TRY(const auto file, files.open(path, OpenMode::kRead));
  TRY(const std::uint64_t size, file->size());
  if (size > max_bytes) {
    return fail(Error{Code::kTooLarge,
                      path + " is larger than is read at once",
                      {{"limit", std::to_string(max_bytes)}, {"value", std::to_string(size)}}});
  }
  Bytes content(size);
  TRY(const std::size_t count, read_full(*file, 0, content));
  content.resize(count);
  return content;
}

Result<> make_directories(FileSystem& files, const std::string& path) {
  Result<> made = files.make_directory(path);
  if (!made && made.error().code == Code::kNotFound) {
    TRY_VOID(make_directories(files, parent_directory(path)));
    made = files.make_directory(path);
  }
  if (!made && made.error().code == Code::kConflict) {
    TRY_VOID(files.list(path));  // it exists; a file of that name is an error
    // A process may have made it and died, or failed, before its name was durable. Who cannot read the parent has not.
    if (!files.list(parent_directory(path))) return {};
    return files.sync_directory(parent_directory(path));
  }
  TRY_VOID(std::move(made));
  return files.sync_directory(parent_directory(path));
}

Result<> replace_file(FileSystem& files, const std::string& path, ByteView content) {
  const std::string temporary = path + ".tmp";
  if (Result<> removed = files.remove(temporary); !removed && removed.error().code != Code::kNotFound) return removed;
  {
    TRY(const auto file, files.open(temporary, OpenMode::kCreate));
    TRY_VOID(write_all(*file, 0, content));
    TRY_VOID(file->sync());
  }
  TRY_VOID(files.rename(temporary, path, Replace::kYes));
  return files.sync_directory(parent_directory(path));
}

std::string parent_directory(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace concord::engines
