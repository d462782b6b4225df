#include "shard/snapshot_store.h"

#include <fmt/format.h>

#include "shard/blob_frame.h"
#include "shard/passed_snapshots.h"

namespace concord::shard {

namespace {

constexpr BlobKind kSnapshot{"CSNP", 1};
constexpr std::size_t kFixedBytes = 24;
constexpr std::size_t kListLimit = 1000;

std::string prefix_of(engines::ShardId shard, const std::string& stream) {
  return snapshot_prefix(shard) + stream + "/";
}

}  // namespace

Bytes encode_snapshot(const Snapshot& snapshot) {
  Bytes plain;
  plain.reserve(kFixedBytes + snapshot.state.size());
  put_le(plain, snapshot.position.value);
  put_le(plain, snapshot.version);
  put_le(plain, snapshot.time.value);
  append(plain, snapshot.state);

  return pack_blob(kSnapshot, plain);
}

Result<Snapshot> decode_snapshot(ByteView bytes, std::size_t max_state_bytes) {
  TRY(const Bytes plain, unpack_blob(kSnapshot, bytes, max_state_bytes + kFixedBytes));
  if (plain.size() < kFixedBytes) return fail(Code::kCorrupt, "CSNP: short");
  Snapshot snapshot;
  snapshot.position.value = get_le<std::uint64_t>(plain.data());
  snapshot.version = get_le<std::uint64_t>(plain.data() + 8);
  snapshot.time.value = get_le<std::uint64_t>(plain.data() + 16);
  snapshot.state.assign(plain.begin() + kFixedBytes, plain.end());
  return snapshot;
}

Task<std::optional<Snapshot>> SnapshotStore::newest(engines::ShardId shard, std::string stream) {
  std::string key;
  for (;;) {
    CO_TRY(auto page, co_await blobs_.list(prefix_of(shard, stream), key, kListLimit));
    if (page.empty()) break;
    key = page.back().key;
    if (page.size() < kListLimit) break;
  }
  if (key.empty()) co_return std::nullopt;
  CO_TRY(auto bytes,
         co_await blobs_.get(key, packed_bound(max_state_bytes_ + kFixedBytes) + vault::Sealer::kMostAdded));
  vault::Opener opener;
  CO_TRY(bytes, co_await vault_.open(opener, key, std::move(bytes)));
  auto decoded =
      co_await pool_.run<Snapshot>([&bytes, limit = max_state_bytes_] { return decode_snapshot(bytes, limit); });
  if (!decoded) co_return fail(std::move(decoded.error()).with("snapshot", key));
  co_return std::move(*decoded);
}

Task<> SnapshotStore::write(engines::ShardId shard, std::string stream, UserId owner, Snapshot snapshot) {
  std::string key = prefix_of(shard, stream) + fmt::format("{:020}", snapshot.position.value);
  CO_TRY(auto sealer, co_await vault_.sealer(owner));
  CO_TRY(auto encoded, co_await pool_.run<SharedBytes>([&]() -> Result<SharedBytes> {
    return std::make_shared<const Bytes>(vault::seal_with(sealer, key, encode_snapshot(snapshot)));
  }));
  if (auto put = co_await blobs_.put(key, std::move(encoded)); !put && put.error().code != Code::kConflict) {
    co_return fail(std::move(put).error());  // kConflict: this very position has been written before
  }
  co_return co_await remove_except(shard, std::move(stream), std::move(key));
}

Task<> SnapshotStore::remove_all(engines::ShardId shard, std::string stream) {
  // What an earlier call has removed, but not durably, is listed no more: removing anything beside it settles that.
  CO_TRY_VOID(co_await blobs_.remove(prefix_of(shard, stream) + "none"));
  co_return co_await remove_except(shard, std::move(stream), {});
}

Task<> SnapshotStore::remove_except(engines::ShardId shard, std::string stream, std::string keep) {
  std::string after;
  for (;;) {
    CO_TRY(auto page, co_await blobs_.list(prefix_of(shard, stream), after, kListLimit));
    for (const auto& blob : page) {
      if (keep.empty() || blob.key < keep) CO_TRY_VOID(co_await blobs_.remove(blob.key));
    }
    if (page.size() < kListLimit) co_return Result<>{};
    after = page.back().key;
  }
}

}  // namespace concord::shard
