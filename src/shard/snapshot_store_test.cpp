#include "shard/snapshot_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
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

TEST_F(SnapshotStoreTest, the_newest_is_found_and_the_older_are_gone) {
  const ShardId shard{3};
  EXPECT_EQ(*run(store_.newest(shard, "doc_a")), std::nullopt);
  ASSERT_TRUE(run(store_.write(shard, "doc_a", owner_, some_snapshot(9, "old"))));
  ASSERT_TRUE(run(store_.write(shard, "doc_a", owner_, some_snapshot(10, "new"))));
  ASSERT_TRUE(run(store_.write(shard, "doc_ab", owner_, some_snapshot(11, "another"))));
  auto newest = run(store_.newest(shard, "doc_a"));
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ((*newest)->state, to_bytes("new"));
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
  EXPECT_EQ(*run(store_.newest(ShardId{0}, "doc_a")), std::nullopt);
  EXPECT_TRUE(run(store_.newest(ShardId{0}, "doc_b"))->has_value());
}

}  // namespace
}  // namespace concord::shard
