#pragma once
// Blobs whose engine goes away after so many changes.

#include <atomic>
#include <memory>
#include <utility>

#include "engines/blobs.h"

namespace concord::reconcile::testing {

class CutOffBlobs final : public engines::Blobs {
 public:
  explicit CutOffBlobs(std::unique_ptr<engines::Blobs> blobs) : blobs_(std::move(blobs)) {}

  /// From here on, so many changes are made, and no more.
  void allow(std::size_t changes) { left_ = changes; }

  Task<std::unique_ptr<engines::BlobWriter>> create(std::string key) override {
    if (!take()) co_return away();
    co_return co_await blobs_->create(std::move(key));
  }
  Task<std::unique_ptr<engines::BlobReader>> open(std::string key, std::uint64_t offset) override {
    return blobs_->open(std::move(key), offset);
  }
  Task<engines::BlobInfo> stat(std::string key) override { return blobs_->stat(std::move(key)); }
  Task<> remove(std::string key) override {
    if (!take()) co_return away();
    co_return co_await blobs_->remove(std::move(key));
  }
  Task<std::vector<engines::BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) override {
    return blobs_->list(std::move(prefix), std::move(after), limit);
  }

 private:
  static std::unexpected<Error> away() { return fail(Code::kUnavailable, "the blobs are away"); }
  bool take() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }

  const std::unique_ptr<engines::Blobs> blobs_;
  std::atomic<std::size_t> left_ = SIZE_MAX;
};

}  // namespace concord::reconcile::testing
