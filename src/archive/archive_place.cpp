#include "archive/archive_place.h"

namespace concord::archive {

Task<> ArchivePlace::ready() {
  if (blobs_) co_return Result<>{};
  co_return co_await pool_.run<void>([this]() -> Result<> {
    TRY_VOID(engines::make_directories(files_, directory_));
    TRY(lock_, engines::DataLock::take(directory_));
    TRY(blobs_, engines::DirectoryBlobs::open(files_, {.directory = directory_}, logger_, metrics_));
    return {};
  });
}

Task<std::unique_ptr<engines::BlobWriter>> ArchivePlace::create(std::string key) {
  CO_TRY_VOID(co_await ready());
  co_return co_await blobs_->create(std::move(key));
}

Task<std::unique_ptr<engines::BlobReader>> ArchivePlace::open(std::string key, std::uint64_t offset) {
  CO_TRY_VOID(co_await ready());
  co_return co_await blobs_->open(std::move(key), offset);
}

Task<engines::BlobInfo> ArchivePlace::stat(std::string key) {
  CO_TRY_VOID(co_await ready());
  co_return co_await blobs_->stat(std::move(key));
}

Task<> ArchivePlace::remove(std::string key) {
  CO_TRY_VOID(co_await ready());
  co_return co_await blobs_->remove(std::move(key));
}

Task<std::vector<engines::BlobInfo>> ArchivePlace::list(std::string prefix, std::string after, std::size_t limit) {
  CO_TRY_VOID(co_await ready());
  co_return co_await blobs_->list(std::move(prefix), std::move(after), limit);
}

}  // namespace concord::archive
