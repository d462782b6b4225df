#include "documents/history.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "crdt/doc.h"
#include "engines/embedded_testing.h"
#include "vault/vault_testing.h"

namespace concord::documents {
namespace {

constexpr std::size_t kMaxChunk = 1u << 20u;

HistoryRecord some_record(std::uint64_t version, std::int64_t at_ms, std::string principal = "usr_a") {
  return {version, HybridTime{static_cast<std::uint64_t>(at_ms) << 16U}, std::move(principal),
          std::make_shared<const Bytes>(Bytes(10))};
}

HistoryChunk some_chunk() {
  HistoryChunk chunk;
  for (std::uint64_t version = 5; version < 9; ++version)
    chunk.records.push_back(some_record(version, static_cast<std::int64_t>(1000 * version)));
  chunk.state = to_bytes("a state that is as it was, as it was, as it was");
  return chunk;
}

void expect_equal(const HistoryChunk& a, const HistoryChunk& b) {
  ASSERT_EQ(a.records.size(), b.records.size());
  for (std::size_t i = 0; i < a.records.size(); ++i) {
    EXPECT_EQ(a.records[i].version, b.records[i].version);
    EXPECT_EQ(a.records[i].time, b.records[i].time);
    EXPECT_EQ(a.records[i].principal, b.records[i].principal);
    EXPECT_EQ(*a.records[i].update, *b.records[i].update);
    EXPECT_EQ(a.records[i].only_annotates, b.records[i].only_annotates);
  }
  EXPECT_EQ(a.state, b.state);
}

HistoryChunk annotated_chunk() {
  HistoryChunk chunk = some_chunk();
  chunk.records[0].only_annotates = chunk.records[3].only_annotates = true;
  return chunk;
}

TEST(HistoryChunk, what_is_encoded_is_decoded) {
  for (const HistoryChunk& chunk : {some_chunk(), annotated_chunk()}) {
    const auto decoded = decode_history(encode_history(chunk), kMaxChunk);
    ASSERT_TRUE(decoded) << decoded.error().message;
    expect_equal(*decoded, chunk);
  }
  EXPECT_EQ(encode_history(some_chunk())[4], 1);  // as before there were annotations
  EXPECT_EQ(encode_history(annotated_chunk())[4], 2);
}

TEST(HistoryChunk, no_flipped_bit_and_no_cut_is_ever_read_as_another) {
  for (const HistoryChunk& chunk : {some_chunk(), annotated_chunk()}) {
    const Bytes good = encode_history(chunk);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes bad = good;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
      const auto decoded = decode_history(bad, kMaxChunk);
      if (decoded) expect_equal(*decoded, chunk);
    }
    for (std::size_t size = 0; size < good.size(); ++size)
      EXPECT_FALSE(decode_history(ByteView(good).first(size), kMaxChunk)) << size;
    EXPECT_EQ(decode_history(good, 20).error().code, Code::kCorrupt);
  }
}

TEST(HistoryGrouper, an_entry_ends_at_a_pause_after_a_sitting_and_at_a_name) {
  const VersionNames names{{3, "kept"}};
  HistoryGrouper grouper(names);
  const std::int64_t minute = 60'000;
  const std::vector<std::pair<std::uint64_t, std::int64_t>> made{{1, 0}, {2, 1},  {3, 2}, {4, 3},
                                                                 {5, 4}, {6, 10}, {7, 11}};
  for (auto one = made.rbegin(); one != made.rend(); ++one)
    grouper.add(some_record(one->first, one->second * minute, one->first % 2 == 0 ? "usr_a" : "usr_b"));
  const auto& entries = grouper.entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].version, 7U);
  EXPECT_EQ(entries[0].from_version, 6U);
  EXPECT_EQ(entries[1].version, 5U);
  EXPECT_EQ(entries[1].from_version, 4U);
  EXPECT_EQ(entries[2].version, 3U);
  EXPECT_EQ(entries[2].name, "kept");
  ASSERT_EQ(entries[2].authors.size(), 2U);
  EXPECT_EQ(entries[2].authors[0].principal, "usr_b");
  EXPECT_EQ(entries[2].authors[0].updates, 2U);
  EXPECT_EQ(entries[2].bytes, 30U);

  HistoryGrouper long_sitting(names);
  for (std::uint64_t i = 100; i > 50; --i) long_sitting.add(some_record(i, static_cast<std::int64_t>(i) * minute));
  EXPECT_EQ(long_sitting.entries().size(), 2U);
}

class HistoryTest : public testing::EngineTest {
 protected:
  /// Types one letter a version; returns the records.
  std::vector<HistoryRecord> type(std::size_t letters) {
    std::vector<HistoryRecord> out;
    for (std::size_t i = 0; i < letters; ++i) {
      Bytes update = doc_.transact([&] { (void)doc_.text("content").insert(length_, "x"); });
      ++length_;
      out.push_back(some_record(length_, static_cast<std::int64_t>(length_) * 600'000));
      out.back().update = std::make_shared<const Bytes>(std::move(update));
    }
    return out;
  }
  std::string text_at(std::uint64_t version, const std::vector<HistoryRecord>& recent = {}) {
    const auto state = run(history_.state_at({kShard, "doc_a", recent}, version));
    if (!state) return std::string(to_string(state.error().code));
    crdt::Doc doc;
    EXPECT_TRUE(doc.apply_update(**state));
    return doc.text("content").to_string();
  }

  static constexpr engines::ShardId kShard{0};
  crdt::Doc doc_{{.client = crdt::ClientId{1}}};
  std::size_t length_ = 0;
  BlockingPool pool_{1};
  const UserId owner_ = UserId::make(ids_, Slot{1});
  vault::Vault vault_{*engines_.blobs, testing::some_master_keys(), true};
  HistoryStore store_{*engines_.blobs, vault_, pool_, kMaxChunk};
  History history_{store_, pool_};
};

TEST_F(HistoryTest, a_version_is_read_from_the_nearest_state_the_chunks_and_what_is_in_none) {
  for (int i = 0; i < 6; ++i) {
    HistoryChunk chunk{type(5), {}};
    if (i == 2) chunk.state = doc_.encode_state_as_update();
    ASSERT_TRUE(run(store_.write(kShard, "doc_a", owner_, chunk)));
  }
  const auto recent = type(3);
  for (std::uint64_t version = 0; version <= 33; ++version)
    EXPECT_EQ(text_at(version, recent), std::string(version, 'x')) << version;
  EXPECT_EQ(text_at(34, recent), "not_found");

  HistoryPage page = run(history_.page({kShard, "doc_a", recent}, {}, 0, 10)).value();
  ASSERT_EQ(page.entries.size(), 10U);
  EXPECT_EQ(page.entries.front().version, 33U);
  EXPECT_EQ(page.next_before, 24U);
  page = run(history_.page({kShard, "doc_a", recent}, {}, page.next_before, 30)).value();
  EXPECT_EQ(page.entries.size(), 23U);
  EXPECT_EQ(page.next_before, 0U);

  const auto between = run(history_.between({kShard, "doc_a", recent}, 14, 31)).value();
  ASSERT_EQ(between.size(), 17U);
  EXPECT_EQ(between.front().version, 15U);
}

TEST_F(HistoryTest, chunks_that_overlap_and_a_chunk_that_is_missing) {
  const auto records = type(10);
  const auto chunk = [&](std::size_t from, std::size_t to) {
    return HistoryChunk{
        {records.begin() + static_cast<std::ptrdiff_t>(from), records.begin() + static_cast<std::ptrdiff_t>(to)}, {}};
  };
  ASSERT_TRUE(run(store_.write(kShard, "doc_a", owner_, chunk(0, 4))));
  ASSERT_TRUE(
      run(store_.write(kShard, "doc_a", owner_, chunk(0, 6))));  // a crash came before the snapshot of the first
  EXPECT_EQ(text_at(6), "xxxxxx");
  ASSERT_TRUE(run(store_.write(kShard, "doc_a", owner_, chunk(8, 10))));
  EXPECT_EQ(text_at(10), "not_found");
}

}  // namespace
}  // namespace concord::documents
