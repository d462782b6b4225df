#include "archive/watched_blobs.h"

namespace concord::archive {

void BlobChanges::note(const std::string& key, Change change) {
  const std::lock_guard lock(mutex_);
  changes_[key] = change;
  if (changes_.size() <= kMost) return;
  changes_.clear();
  overflow_ = true;
}

bool BlobChanges::take_overflow() {
  const std::lock_guard lock(mutex_);
  return std::exchange(overflow_, false);
}

std::vector<std::pair<std::string, BlobChanges::Change>> BlobChanges::take(std::size_t most) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, Change>> out;
  // A snapshot replaces the one before: the new one is to be there before the old one goes.
  for (const Change wanted : {Change::kPut, Change::kRemoved}) {
    for (auto at = changes_.begin(); at != changes_.end() && out.size() < most;) {
      if (at->second == wanted) {
        out.emplace_back(*at);
        at = changes_.erase(at);
      } else {
        ++at;
      }
    }
  }
  return out;
}

std::size_t BlobChanges::size() const {
  const std::lock_guard lock(mutex_);
  return changes_.size();
}

class WatchedBlobs::Writer final : public engines::BlobWriter {
 public:
  Writer(std::unique_ptr<engines::BlobWriter> writer, std::string key, BlobChanges& changes)
      : writer_(std::move(writer)), key_(std::move(key)), changes_(changes) {}

  Task<> write(SharedBytes piece) override { co_return co_await writer_->write(std::move(piece)); }
  Task<> commit() override {
    Result<> done = co_await writer_->commit();
    // Also where it failed: the answer alone may have been lost.
    changes_.note(key_, BlobChanges::Change::kPut);
    co_return done;
  }

 private:
  std::unique_ptr<engines::BlobWriter> writer_;
  std::string key_;
  BlobChanges& changes_;
};

Task<std::unique_ptr<engines::BlobWriter>> WatchedBlobs::create(std::string key) {
  CO_TRY(auto writer, co_await blobs_.create(key));
  std::unique_ptr<engines::BlobWriter> watched = std::make_unique<Writer>(std::move(writer), std::move(key), changes_);
  co_return watched;
}

Task<std::unique_ptr<engines::BlobReader>> WatchedBlobs::open(std::string key, std::uint64_t offset) {
  co_return co_await blobs_.open(std::move(key), offset);
}

Task<engines::BlobInfo> WatchedBlobs::stat(std::string key) { co_return co_await blobs_.stat(std::move(key)); }

Task<> WatchedBlobs::remove(std::string key) {
  Result<> done = co_await blobs_.remove(key);
  changes_.note(key, BlobChanges::Change::kRemoved);
  co_return done;
}

Task<std::vector<engines::BlobInfo>> WatchedBlobs::list(std::string prefix, std::string after, std::size_t limit) {
  co_return co_await blobs_.list(std::move(prefix), std::move(after), limit);
}

}  // namespace concord::archive
