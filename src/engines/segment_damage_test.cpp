// The segment log on files that were damaged: found every time, reported, and nothing else lost.

#include <algorithm>
#include <map>

#include "engines/segment_log_testing.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using testing::code_of;
using testing::kAll;
using testing::kFirst;
using testing::SegmentLogTest;

TEST_F(SegmentLogTest, a_tail_torn_at_any_byte_is_cut_and_reported) {
  open();
  ASSERT_TRUE(seal(1));
  ASSERT_TRUE(append(1, "kept"));
  ASSERT_TRUE(append(1, "torn", 2));
  crash();
  const Bytes whole = disk_.content(kFirst);
  const std::vector<std::size_t> offsets = frames(kFirst);
  const std::size_t begin = offsets[offsets.size() - 3];
  const std::size_t end = offsets.back();
  for (std::size_t size = begin + 1; size < end; ++size) {
    Bytes torn(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (size % 2 == 0) torn.resize(whole.size());  // the rest is zeros, or not there at all
    disk_.overwrite(kFirst, torn);
    lines_->take();
    open();
    const std::string lines = lines_->take();
    // A frame that ends in zeros is whole without them.
    if (torn == whole) continue;
    ASSERT_EQ(count(1).value(), 1U) << size;
    EXPECT_NE(lines.find("cut a torn tail"), std::string::npos) << size;
    EXPECT_NE(lines.find("file=" + kFirst), std::string::npos) << lines;
    EXPECT_NE(lines.find("offset=" + std::to_string(begin)), std::string::npos) << lines;
    EXPECT_NE(lines.find("bytes=" + std::to_string(torn.size() - begin)), std::string::npos) << lines;
    ASSERT_EQ(append(1, "next").value(), Position{2});
    close();
  }
}

TEST_F(SegmentLogTest, a_clean_shutdown_leaves_nothing_to_cut) {
  open();
  ASSERT_TRUE(seal(1));
  ASSERT_TRUE(append(1, "x"));
  for (int i = 0; i < 3; ++i) {
    lines_->take();
    open();
    EXPECT_EQ(lines_->take().find("cut"), std::string::npos);
    ASSERT_TRUE(append(1, "x"));
  }
  EXPECT_EQ(count(1).value(), 4U);
  EXPECT_EQ(disk_.paths().size(), 1U);
}

TEST_F(SegmentLogTest, damage_in_the_middle_is_reported_and_its_shard_refused_for_good) {
  open();
  for (const std::uint32_t shard : {1U, 2U}) ASSERT_TRUE(seal(shard));
  ASSERT_TRUE(append(1, "one"));
  const std::size_t hit = frames(kFirst).back() + 70;
  ASSERT_TRUE(append(1, "two"));
  ASSERT_TRUE(append(2, "other"));
  ASSERT_TRUE(append(1, "three"));
  crash();
  flip(kFirst, hit);
  for (int start = 0; start < 3; ++start) {
    lines_->take();
    open();
    const std::string lines = lines_->take();
    EXPECT_NE(lines.find("damaged bytes"), std::string::npos);
    EXPECT_NE(lines.find("offset=" + std::to_string(hit - 70)), std::string::npos) << lines;
    EXPECT_NE(lines.find("bytes=72"), std::string::npos) << lines;
    ASSERT_EQ(log_->damage().size(), 1U);
    EXPECT_EQ(log_->damage()[0].path, kFirst);
    for (const std::optional<Error>& error :
         {std::optional(run(log_->bounds(ShardId{1})).error()), std::optional(append(1, "x").error()),
          std::optional(run(log_->read(ShardId{1}, Position{1}, kAll)).error()), std::optional(seal(1, 9).error()),
          std::optional(run(log_->truncate(ShardId{1}, Position{2})).error())}) {
      EXPECT_EQ(error->code, Code::kCorrupt);
      EXPECT_NE(error->message.find(kFirst), std::string::npos) << error->message;
    }
    // The other shard goes on, in a new segment; a shard nobody knows might be a lost one.
    ASSERT_TRUE(append(2, "goes on"));
    EXPECT_EQ(count(2).value(), 2U + static_cast<std::size_t>(start));
    EXPECT_EQ(code_of(seal(77)), Code::kCorrupt);
    start % 2 == 0 ? close() : crash();
  }
}

TEST_F(SegmentLogTest, a_shard_that_no_record_behind_the_damage_proves_is_refused) {
  open();
  for (const std::uint32_t shard : {1U, 2U}) ASSERT_TRUE(seal(shard));
  const std::size_t hit = frames(kFirst).back() + 8;
  ASSERT_TRUE(append(1, "lost, and nothing of its shard comes after it"));
  ASSERT_TRUE(append(2, "whole"));
  crash();
  flip(kFirst, hit);
  open();
  EXPECT_EQ(code_of(count(1)), Code::kCorrupt);
  EXPECT_EQ(count(2).value(), 1U);
}

TEST_F(SegmentLogTest, damage_before_the_first_kept_position_refuses_nobody) {
  open();
  ASSERT_TRUE(seal(1));
  const std::size_t hit = frames(kFirst).back() + 8;
  ASSERT_TRUE(append(1, "a"));
  ASSERT_TRUE(append(1, "b"));
  ASSERT_TRUE(run(log_->truncate(ShardId{1}, Position{2})));
  ASSERT_TRUE(append(1, "c"));
  crash();
  flip(kFirst, hit);
  open();
  EXPECT_EQ(log_->damage().size(), 1U);
  EXPECT_EQ(count(1).value(), 2U);
}

TEST_F(SegmentLogTest, a_damaged_header_loses_no_record) {
  open();
  ASSERT_TRUE(seal(1));
  ASSERT_TRUE(append(1, "x"));
  crash();
  for (const std::size_t at : {0U, 12U, 60U}) {
    flip(kFirst, at);
    open();
    EXPECT_EQ(log_->damage().size(), 1U);
    EXPECT_EQ(count(1).value(), 1U);
    crash();
    flip(kFirst, at);
  }
}

TEST_F(SegmentLogTest, a_segment_that_is_missing_in_the_middle_is_noticed) {
  open();
  ASSERT_TRUE(seal(1));
  while (disk_.paths().size() < 4) ASSERT_TRUE(append(1, std::string(500, 'x')));
  close();
  ASSERT_TRUE(disk_.remove("log/" + segment_name(2)));
  open();
  EXPECT_EQ(code_of(count(1)), Code::kCorrupt);
}

TEST_F(SegmentLogTest, a_file_cut_short_in_the_middle_is_noticed) {
  open();
  ASSERT_TRUE(seal(1));
  while (disk_.paths().size() < 3) ASSERT_TRUE(append(1, std::string(500, 'x')));
  close();
  cut(kFirst, frames(kFirst)[3]);
  open();
  EXPECT_EQ(code_of(count(1)), Code::kCorrupt);
  ASSERT_EQ(log_->damage().size(), 1U);
  EXPECT_EQ(log_->damage()[0].begin, frames(kFirst)[3]);
}

/// A log of some shards in some segments, closed cleanly; then bits flip.
class SegmentFlips : public SegmentLogTest {
 public:
  SegmentFlips() : SegmentLogTest(1) {}
  void TestBody() override {}

  void run_seed(Random& random) {
    open();
    std::map<std::uint32_t, std::size_t> written;
    for (std::uint32_t shard = 0; shard < 3; ++shard) ASSERT_TRUE(seal(shard));
    for (std::uint64_t i = pick(random, 5, 40); i > 0; --i) {
      const auto shard = static_cast<std::uint32_t>(pick(random, 0, 2));
      const std::size_t records = pick(random, 1, 3);
      ASSERT_TRUE(append(shard, std::string(pick(random, 0, 300), 'x'), records));
      written[shard] += records;
    }
    close();
    const std::vector<std::string> paths = disk_.paths();
    const std::string& path = paths[pick(random, 0, paths.size() - 1)];
    const std::size_t size = disk_.content(path).size();
    const bool is_newest = path == paths.back();
    const std::size_t end_frame = size - kFrameHeaderBytes;
    const std::size_t at = pick(random, 0, (is_newest ? end_frame : frames(path).back()) - 1);
    flip(path, at, static_cast<std::uint8_t>(1U << pick(random, 0, 7)));
    open();
    // States at the shutdown were one write with the end frame, which is whole: so all before it was durable.
    const bool in_last_write = is_newest && at >= size - 4 * kFrameHeaderBytes;
    if (!in_last_write) ASSERT_FALSE(log_->damage().empty()) << path << " " << at;
    std::size_t refused = 0;
    for (const auto& [shard, records] : written) {
      const Result<std::size_t> found = count(shard);
      if (!found) {
        ASSERT_EQ(found.error().code, Code::kCorrupt);
        ++refused;
      } else {
        ASSERT_EQ(*found, records) << "lost in silence: " << path << " " << at;
      }
    }
    ASSERT_LE(refused, 1U) << "one bit hits one shard: " << path << " " << at;
    close();
  }
};

TEST(SegmentLogFlips, every_flipped_bit_is_found_and_nothing_else_is_lost) {
  for_each_seed(150, [](Random& random) { SegmentFlips().run_seed(random); });
}

TEST_F(SegmentLogTest, a_bit_that_flips_while_the_log_is_open_is_found_by_the_read) {
  testing::TemporaryDirectory directory;
  const auto files = make_posix_file_system();
  options_.directory = directory.path();
  log_ = SegmentLog::open(*files, options_, clock_, ids_, Logger(), metrics_).value();
  ASSERT_TRUE(seal(1));
  ASSERT_TRUE(append(1, "good"));
  ASSERT_TRUE(append(1, "bad"));
  const std::string path = directory.path() + "/" + segment_name(1);
  const auto file = files->open(path, OpenMode::kReadWrite).value();
  Bytes content(4096);
  content.resize(read_full(*file, 0, content).value());
  const auto bad = std::ranges::search(content, std::string_view("bad")).begin() - content.begin();
  ASSERT_TRUE(write_all(*file, static_cast<std::uint64_t>(bad), as_bytes("B")));
  const auto read = run(log_->read(ShardId{1}, Position{2}, kAll));
  ASSERT_EQ(code_of(read), Code::kCorrupt);
  EXPECT_NE(read.error().message.find(path), std::string::npos);
  EXPECT_EQ(run(log_->read(ShardId{1}, Position{1}, 0))->size(), 1U);
}

}  // namespace
}  // namespace concord::engines
