// The segment log on disks that are full or fail, and what it costs.

#include "engines/segment_log_testing.h"

namespace concord::engines {
namespace {

using testing::code_of;
using testing::kAll;
using testing::SegmentLogTest;

TEST_F(SegmentLogTest, segments_go_once_every_shard_has_passed_them) {
  open();
  for (const std::uint32_t shard : {1U, 2U}) ASSERT_TRUE(seal(shard));
  ASSERT_TRUE(append(2, "holds the first segment"));
  while (disk_.paths().size() < 4) ASSERT_TRUE(append(1, std::string(500, 'x')));
  const std::size_t records = count(1).value();
  ASSERT_TRUE(run(log_->truncate(ShardId{1}, Position{records + 1})));
  EXPECT_EQ(disk_.paths().size(), 4U);
  ASSERT_TRUE(run(log_->truncate(ShardId{2}, Position{2})));
  EXPECT_EQ(disk_.paths(), std::vector<std::string>{"log/" + segment_name(4)});
  for (int i = 0; i < 2; ++i) {
    crash();
    open();
    EXPECT_EQ(run(log_->bounds(ShardId{1}))->first, (Position{records + 1}));
    EXPECT_EQ(run(log_->bounds(ShardId{2}))->next, Position{2});
  }
  EXPECT_EQ(append(2, "goes on").value(), Position{2});
}

TEST_F(SegmentLogTest, a_full_disk_refuses_what_it_cannot_keep_and_goes_on_when_space_returns) {
  open();
  ASSERT_TRUE(seal(1));
  Gauge& writable = metrics_.gauge("concord_log_writable", "0 after a write of the log failed, until one succeeds.");
  EXPECT_EQ(writable.value(), 1);
  disk_.set_capacity(8000);
  std::size_t kept = 0;
  Result<Position> last = append(1, std::string(500, 'x'));
  for (; last; last = append(1, std::string(500, 'x'))) ++kept;
  EXPECT_EQ(last.error().code, Code::kUnavailable);
  EXPECT_NE(last.error().message.find("no space"), std::string::npos) << last.error().message;
  EXPECT_EQ(writable.value(), 0);
  EXPECT_GT(kept, 5U);
  EXPECT_EQ(count(1).value(), kept);  // readers go on
  disk_.set_capacity(~std::uint64_t{0});
  Result<Position> again = append(1, "after");
  for (int i = 0; i < 100 && !again; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    again = append(1, "after");
  }
  ASSERT_TRUE(again);
  EXPECT_EQ(again->value, kept + 1);
  EXPECT_EQ(writable.value(), 1);
  crash();
  open();
  EXPECT_EQ(count(1).value(), kept + 1);
}

TEST_F(SegmentLogTest, a_sync_that_fails_is_never_tried_again_on_its_segment) {
  open();
  ASSERT_TRUE(seal(1));
  ASSERT_TRUE(append(1, "before"));
  disk_.set_faults({.sync_error = 1000});
  EXPECT_EQ(code_of(append(1, "doubtful")), Code::kUnavailable);
  disk_.set_faults({});
  EXPECT_EQ(code_of(append(1, "too soon")), Code::kUnavailable);
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  EXPECT_EQ(append(1, "after").value(), Position{2});
  EXPECT_EQ(disk_.paths().size(), 2U);
  close();
  open();
  EXPECT_EQ(count(1).value(), 2U);
  EXPECT_TRUE(log_->damage().empty());
}

TEST_F(SegmentLogTest, a_lone_append_costs_one_write_and_one_sync) {
  options_.allocate_bytes = 1 << 20;
  options_.segment_bytes = 1 << 20;
  open();
  ASSERT_TRUE(seal(1));
  const std::uint64_t before = disk_.operations();
  ASSERT_TRUE(append(1, "x", 5));
  EXPECT_EQ(disk_.operations() - before, 2U);
}

}  // namespace
}  // namespace concord::engines
