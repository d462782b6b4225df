#include "shard/passed_snapshots.h"

#include <utility>

namespace concord::shard {

namespace {
constexpr std::size_t kListLimit = 1000;
}  // namespace

std::string snapshot_prefix(engines::ShardId shard) { return "snapshots/" + std::to_string(shard.value) + "/"; }

Task<std::size_t> remove_passed_snapshots(engines::Blobs& blobs, engines::ShardId shard, std::string stream) {
  const std::string prefix = snapshot_prefix(shard) + stream + "/";
  std::size_t removed = 0;
  std::string newest;  // as far as was listed
  for (;;) {
    CO_TRY(const auto page, co_await blobs.list(prefix, newest, kListLimit));
    for (const engines::BlobInfo& blob : page) {
      const std::string passed = std::exchange(newest, blob.key);
      if (passed.empty()) continue;
      CO_TRY_VOID(co_await blobs.remove(passed));
      ++removed;
    }
    if (page.size() < kListLimit) co_return removed;
  }
}

}  // namespace concord::shard
