#include "shard/snapshot_store.h"

#include <fmt/format.h>

#include "crypto/hash.h"
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

std::string key_of(engines::ShardId shard, const std::string& stream, engines::Position position) {
  return prefix_of(shard, stream) + fmt::format("{:020}", position.value);
}

std::string digest_of(ByteView stored) { return to_hex(crypto::sha256(stored)); }

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

Task<std::optional<Snapshot>> SnapshotStore::cached(engines::ShardId shard, std::string stream, SnapshotName name) {
  if (cache_ == nullptr) co_return std::nullopt;
  auto found = co_await cache_->get(prefix_of(shard, stream));
  if (!found || !*found) co_return std::nullopt;
  Bytes stored = std::move(**found);
  const bool is_named =
      (co_await pool_.run<bool>([&stored, &name] { return digest_of(stored) == name.digest; })).value_or(false);
  if (!is_named) {
    cache_->passed().add();
    co_return std::nullopt;
  }
  const std::string key = key_of(shard, stream, name.position);
  vault::Opener opener;
  auto plain = co_await vault_.open(opener, key, std::move(stored));
  if (!plain) co_return std::nullopt;  // the blobs tell why
  auto decoded =
      co_await pool_.run<Snapshot>([&plain, limit = max_state_bytes_] { return decode_snapshot(*plain, limit); });
  if (!decoded || decoded->position != name.position) co_return std::nullopt;
  cache_->hits().add();
  co_return std::move(*decoded);
}

Task<std::optional<SnapshotStore::Stored>> SnapshotStore::newest(engines::ShardId shard, std::string stream) {
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
  const auto stored = std::make_shared<const Bytes>(std::move(bytes));
  vault::Opener opener;
  CO_TRY(const Bytes plain, co_await vault_.open(opener, key, Bytes(*stored)));
  auto found = co_await pool_.run<Stored>([&stored, &plain, limit = max_state_bytes_]() -> Result<Stored> {
    TRY(Snapshot snapshot, decode_snapshot(plain, limit));
    const engines::Position position = snapshot.position;
    return Stored{std::move(snapshot), {position, digest_of(*stored)}};
  });
  if (!found) co_return fail(std::move(found.error()).with("snapshot", key));
  if (cache_ != nullptr) cache_->put(prefix_of(shard, stream), stored);
  co_return std::move(*found);
}

Task<SnapshotName> SnapshotStore::write(engines::ShardId shard, std::string stream, UserId owner, Snapshot snapshot) {
  std::string key = key_of(shard, stream, snapshot.position);
  SnapshotName name{.position = snapshot.position, .digest = {}};
  CO_TRY(auto sealer, co_await vault_.sealer(owner));
  CO_TRY(auto encoded, co_await pool_.run<SharedBytes>([&]() -> Result<SharedBytes> {
    auto stored = std::make_shared<const Bytes>(vault::seal_with(sealer, key, encode_snapshot(snapshot)));
    name.digest = digest_of(*stored);
    return stored;
  }));
  if (auto put = co_await blobs_.put(key, encoded); !put && put.error().code != Code::kConflict) {
    co_return fail(std::move(put).error());  // kConflict: this very position has been written before
  }
  if (cache_ != nullptr) cache_->put(prefix_of(shard, stream), std::move(encoded));
  CO_TRY_VOID(co_await remove_except(shard, std::move(stream), std::move(key)));
  co_return name;
}

Task<> SnapshotStore::remove_all(engines::ShardId shard, std::string stream) {
  if (cache_ != nullptr) cache_->erase(prefix_of(shard, stream));
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
