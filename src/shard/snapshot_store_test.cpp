#include "shard/snapshot_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "engines/cache_testing.h"
#include "engines/embedded_testing.h"
#include "vault/vault_testing.h"

namespace concord::shard {
namespace {

using engines::ShardId;

constexpr std::size_t kMaxState = 1u << 20u;

Snapshot some_snapshot(std::uint64_t position, std::string_view state) {
  return {engines::Position{position}, position * 3, HybridTime{position << 20U}, to_bytes(state)};
}

TEST(Snapshot, what_is_encoded_is_decoded) {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, kMaxState}) {
    Snapshot snapshot = some_snapshot(77, std::string(size, 'x'));
    auto decoded = decode_snapshot(encode_snapshot(snapshot), kMaxState);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->position, snapshot.position);
    EXPECT_EQ(decoded->version, snapshot.version);
    EXPECT_EQ(decoded->time, snapshot.time);
    EXPECT_EQ(decoded->state, snapshot.state);
  }
}

TEST(Snapshot, no_flipped_bit_is_ever_read_as_another_state) {
  const Snapshot snapshot = some_snapshot(5, "a state that is long enough to be compressed, compressed, compressed");
  const Bytes good = encode_snapshot(snapshot);
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    auto decoded = decode_snapshot(bad, kMaxState);
    if (!decoded) continue;
    ++harmless;  // a bit of zstd's frame header that says nothing about the content
    EXPECT_EQ(decoded->state, snapshot.state) << "bit " << bit;
    EXPECT_EQ(decoded->position, snapshot.position) << "bit " << bit;
    EXPECT_EQ(decoded->version, snapshot.version) << "bit " << bit;
  }
  EXPECT_LE(harmless, 8U);
}

TEST(Snapshot, every_truncation_is_found) {
  const Bytes good = encode_snapshot(some_snapshot(5, "a state"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_snapshot(ByteView(good).first(size), kMaxState)) << size;
  }
}

TEST(Snapshot, a_state_over_the_limit_is_refused_before_it_is_unpacked) {
  auto decoded = decode_snapshot(encode_snapshot(some_snapshot(5, std::string(kMaxState + 1, 'x'))), kMaxState);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::kCorrupt);
}

class SnapshotStoreTest : public testing::EngineTest {
 protected:
  BlockingPool pool_{1};
  const UserId owner_ = UserId::make(ids_, Slot{1});
  vault::Vault vault_{*engines_.blobs, testing::some_master_keys(), true};
  SnapshotStore store_{*engines_.blobs, vault_, pool_, kMaxState};
};

class CachedSnapshotsTest : public SnapshotStoreTest {
 protected:
  static constexpr ShardId kShard{3};
  SnapshotName write(std::uint64_t position, std::string_view state) {
    return run(cached_.write(kShard, "doc_a", owner_, some_snapshot(position, state))).value();
  }
  /// What of it is used; nullopt: the blobs are to be asked.
  std::optional<std::string> used(const SnapshotName& name) {
    const auto found = run(cached_.cached(kShard, "doc_a", name)).value();
    if (!found) return std::nullopt;
    EXPECT_EQ(found->position, name.position);
    EXPECT_EQ(found->version, name.position.value * 3);
    return std::string(as_text(found->state));
  }
  std::uint64_t count(const std::string& what) {
    return metrics_.counter("concord_document_cache_" + what + "_total", "", {}).value();
  }

  engines::testing::MapCache cache_;
  SnapshotCache counted_{cache_, metrics_};
  SnapshotStore cached_{*engines_.blobs, vault_, pool_, kMaxState, &counted_};
};

TEST_F(SnapshotStoreTest, the_newest_is_found_and_the_older_are_gone) {
  const ShardId shard{3};
  EXPECT_FALSE(run(store_.newest(shard, "doc_a"))->has_value());
  ASSERT_TRUE(run(store_.write(shard, "doc_a", owner_, some_snapshot(9, "old"))));
  ASSERT_TRUE(run(store_.write(shard, "doc_a", owner_, some_snapshot(10, "new"))));
  ASSERT_TRUE(run(store_.write(shard, "doc_ab", owner_, some_snapshot(11, "another"))));
  auto newest = run(store_.newest(shard, "doc_a"));
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ((*newest)->snapshot.state, to_bytes("new"));
  EXPECT_EQ(run(engines_.blobs->list("snapshots/3/doc_a/", "", 10))->size(), 1U);
}

TEST_F(SnapshotStoreTest, writing_a_position_again_succeeds) {
  ASSERT_TRUE(run(store_.write(ShardId{0}, "doc_a", owner_, some_snapshot(9, "same"))));
  ASSERT_TRUE(run(store_.write(ShardId{0}, "doc_a", owner_, some_snapshot(9, "same"))));
}

TEST_F(SnapshotStoreTest, removing_takes_all_of_one_stream) {
  ASSERT_TRUE(run(store_.write(ShardId{0}, "doc_a", owner_, some_snapshot(9, "a"))));
  ASSERT_TRUE(run(store_.write(ShardId{0}, "doc_b", owner_, some_snapshot(9, "b"))));
  ASSERT_TRUE(run(store_.remove_all(ShardId{0}, "doc_a")));
  EXPECT_FALSE(run(store_.newest(ShardId{0}, "doc_a"))->has_value());
  EXPECT_TRUE(run(store_.newest(ShardId{0}, "doc_b"))->has_value());
}

TEST_F(CachedSnapshotsTest, what_was_written_is_read_from_the_cache_as_it_lies_in_the_blobs) {
  const SnapshotName name = write(9, "a state of some words");
  ASSERT_EQ(cache_.values().size(), 1U);
  const auto [key, value] = *cache_.values().begin();
  EXPECT_EQ(key, "snapshots/3/doc_a/");
  EXPECT_EQ(*value, run(engines_.blobs->get("snapshots/3/doc_a/00000000000000000009", kMaxState)).value());
  EXPECT_EQ((*value)[0], vault::kSealedMark);
  ASSERT_TRUE(run(engines_.blobs->remove("snapshots/3/doc_a/00000000000000000009")));
  EXPECT_EQ(used(name), "a state of some words");
  EXPECT_EQ(count("hits"), 1U);
  EXPECT_EQ(count("read_bytes"), value->size());
}

TEST_F(CachedSnapshotsTest, only_the_one_of_that_name_is_used) {
  const SnapshotName old = write(9, "old");
  const auto then = cache_.values();
  const SnapshotName name = write(10, "new");
  EXPECT_EQ(used(old), std::nullopt);
  EXPECT_EQ(used({name.position, old.digest}), std::nullopt);
  EXPECT_EQ(used({old.position, name.digest}), std::nullopt);
  EXPECT_EQ(used(name), "new");
  cache_.restore(then);
  EXPECT_EQ(used(name), std::nullopt);
  EXPECT_EQ(count("passed"), 3U);
}

TEST_F(CachedSnapshotsTest, what_was_changed_or_cut_is_not_used) {
  const SnapshotName name = write(9, "a state");
  const auto good = cache_.values();
  const std::size_t size = good.begin()->second->size();
  for (std::size_t at = 0; at < size; ++at) {
    cache_.restore(good);
    cache_.change([at](Bytes& value) { value[at] ^= 1; });
    EXPECT_EQ(used(name), std::nullopt) << at;
    cache_.restore(good);
    cache_.change([at](Bytes& value) { value.resize(at); });
    EXPECT_EQ(used(name), std::nullopt) << at;
  }
  cache_.restore(good);
  EXPECT_EQ(used(name), "a state");
}

TEST_F(CachedSnapshotsTest, one_that_was_read_from_the_blobs_is_there_from_then_on) {
  const SnapshotName name = write(9, "a state");
  cache_.restore({});
  EXPECT_EQ(used(name), std::nullopt);
  EXPECT_EQ(count("misses"), 1U);
  const auto newest = run(cached_.newest(kShard, "doc_a"));
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ((*newest)->name, name);
  EXPECT_EQ(used(name), "a state");
}

TEST_F(CachedSnapshotsTest, a_cache_that_is_away_costs_a_look) {
  cache_.away = true;
  const SnapshotName name = write(9, "a state");
  EXPECT_EQ(used(name), std::nullopt);
  EXPECT_EQ(count("errors"), 1U);
  EXPECT_EQ((*run(cached_.newest(kShard, "doc_a")))->snapshot.state, to_bytes("a state"));
}

TEST_F(CachedSnapshotsTest, one_that_is_too_large_leaves_no_older_one_behind) {
  write(9, "small");
  cache_.most = 10;
  const SnapshotName name = write(10, "larger than ten bytes");
  EXPECT_TRUE(cache_.values().empty());
  EXPECT_EQ(used(name), std::nullopt);
}

TEST_F(CachedSnapshotsTest, removing_takes_it_from_the_cache_too) {
  write(9, "a state");
  ASSERT_TRUE(run(cached_.remove_all(kShard, "doc_a")));
  EXPECT_TRUE(cache_.values().empty());
}

TEST_F(CachedSnapshotsTest, without_its_owners_key_it_is_of_no_use) {
  const SnapshotName name = write(9, "a state");
  ASSERT_TRUE(run(vault_.keys().rotate(owner_)));
  EXPECT_EQ(used(name), "a state");  // an older key opens still
  ASSERT_TRUE(run(vault_.keys().destroy(owner_)));
  EXPECT_EQ(used(name), std::nullopt);
  EXPECT_FALSE(run(cached_.newest(kShard, "doc_a")));
}

TEST_F(CachedSnapshotsTest, a_hub_that_seals_nothing_has_them_as_they_are) {
  vault::Vault open(*engines_.blobs, testing::some_master_keys(), false);
  SnapshotStore plain(*engines_.blobs, open, pool_, kMaxState, &counted_);
  const SnapshotName name = run(plain.write(kShard, "doc_a", owner_, some_snapshot(9, "a state"))).value();
  EXPECT_EQ(as_text(*cache_.values().begin()->second).substr(0, 4), "CSNP");
  EXPECT_EQ(used(name), "a state");
}

}  // namespace
}  // namespace concord::shard
