// A damaged log on a real disk: looked at without a change, and repaired.

#include "engines/log_repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/property_testing.h"
#include "engines/contract_testing.h"
#include "engines/segment_log.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using testing::code_of;

class Repair {
 public:
  Repair() {
    options_.directory = directory_.path() + "/log";
    options_.segment_bytes = 4096;
    options_.random64 = [this] { return ids_.random64(); };
  }

  /// Appends records whose payload is their position, and returns how many each shard has.
  std::vector<std::uint64_t> write(Random& random) {
    std::vector<std::uint64_t> counts(3);
    with_log([&](SegmentLog& log) {
      for (std::uint32_t shard = 0; shard < 3; ++shard) EXPECT_TRUE(run(log.seal(ShardId{shard}, Epoch{shard + 1})));
      for (std::uint64_t i = pick(random, 5, 40); i > 0; --i) {
        const auto shard = static_cast<std::uint32_t>(pick(random, 0, 2));
        append(log, shard, ++counts[shard], pick(random, 0, 300));
      }
    });
    return counts;
  }

  void append(SegmentLog& log, std::uint32_t shard, std::uint64_t position, std::size_t more_bytes) {
    LogRecord record;
    record.kind = 1;
    record.stream = "doc";
    record.payload = std::make_shared<const Bytes>(to_bytes(std::to_string(position) + std::string(more_bytes, ' ')));
    EXPECT_EQ(run(log.append(ShardId{shard}, Epoch{shard + 1}, {record})), Position{position});
  }

  void with_log(const std::function<void(SegmentLog&)>& work) {
    SegmentLogOptions options;
    options.directory = options_.directory;
    options.segment_bytes = options_.segment_bytes;
    options.allocate_bytes = 0;
    const auto log = SegmentLog::open(*files_, options, clock_, ids_, Logger(), metrics_).value();
    work(*log);
  }

  template <class T>
  Result<T> run(Task<T> task) {
    return testing::run_on(reactors_.at(), std::move(task));
  }

  std::vector<std::string> segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
  }
  static Bytes content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }
  static void overwrite(const std::string& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  }

  Result<LogRepair> repair() { return repair_log(*files_, options_, clock_, Logger()); }

  /// Every record is where it was, or something stands in for it; no shard is refused.
  void check(const std::vector<std::uint64_t>& counts, const LogRepair& repaired) {
    with_log([&](SegmentLog& log) {
      EXPECT_TRUE(log.damage().empty());
      for (const LogRepair::Shard& shard : repaired.shards) {
        const std::uint64_t count = counts.at(shard.shard.value);
        const auto bounds = run(log.bounds(shard.shard)).value();
        EXPECT_EQ(bounds.epoch.value, shard.shard.value + 1);
        EXPECT_GE(bounds.next.value, count + 1) << "a position would be given twice";
        const auto entries = run(log.read(shard.shard, bounds.first, 1U << 30U)).value();
        EXPECT_EQ(entries.size(), shard.records + shard.stand_ins);
        std::uint64_t whole = 0;
        for (const LogEntry& entry : entries) {
          if (entry.record.kind == 0) continue;
          ++whole;
          EXPECT_EQ(std::stoull(std::string(as_text(*entry.record.payload))), entry.position.value);
        }
        EXPECT_EQ(whole, shard.records);
        append(log, shard.shard.value, bounds.next.value, 1);
      }
    });
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  SegmentAppenderOptions options_;
  concord::testing::RunningReactors reactors_;
};

TEST(LogRepair, every_whole_record_of_a_damaged_log_is_kept_where_it_was) {
  std::uint64_t repairs = 0;
  for_each_seed(20, [&](Random& random) {
    Repair log;
    const std::vector<std::uint64_t> counts = log.write(random);
    const auto paths = log.segments();
    const std::string path = paths[pick(random, 0, paths.size() - 1)];
    const Bytes before = Repair::content(path);
    Bytes damaged = before;
    for (std::uint64_t i = pick(random, 1, 3); i > 0; --i) damaged.at(pick(random, 0, damaged.size() - 1)) ^= 0x10U;
    Repair::overwrite(path, damaged);

    const auto looked = inspect_log(*log.files_, log.options_.directory);
    ASSERT_TRUE(looked) << looked.error().message;
    EXPECT_EQ(Repair::content(path), damaged) << "a look has changed the log";
    const auto repaired = log.repair();
    if (!repaired) {  // only what was written last was hit, which looks like a torn tail
      ASSERT_EQ(repaired.error().code, Code::kConflict);
      return;
    }
    ++repairs;
    std::uint64_t records = 0;
    for (const auto& shard : repaired->shards) records += shard.records;
    EXPECT_GE(records + 3, counts[0] + counts[1] + counts[2]) << "each flip hits one record";
    EXPECT_EQ(Repair::content(repaired->set_aside + "/" + std::filesystem::path(path).filename().string()), damaged);
    log.check(counts, *repaired);
    EXPECT_EQ(code_of(log.repair()), Code::kConflict);
  });
  if (std::getenv("CONCORD_SEED") == nullptr) EXPECT_GT(repairs, 10U);
}

TEST(LogRepair, a_crash_between_the_renames_is_finished_by_the_next_start) {
  Repair log;
  log.with_log([&](SegmentLog& one) {
    EXPECT_TRUE(log.run(one.seal(ShardId{0}, Epoch{1})));
    log.append(one, 0, 1, 0);
  });
  std::filesystem::rename(log.options_.directory, log.options_.directory + ".repaired");
  log.with_log([&](SegmentLog& one) { EXPECT_EQ(log.run(one.bounds(ShardId{0}))->next, Position{2}); });
}

TEST(LogRepair, a_walk_tells_every_frame_and_what_is_none) {
  Repair log;
  log.with_log([&](SegmentLog& one) {
    EXPECT_TRUE(log.run(one.seal(ShardId{0}, Epoch{1})));
    for (std::uint64_t i = 1; i <= 3; ++i) log.append(one, 0, i, 0);
  });
  std::vector<std::string> told;
  std::uint64_t second = 0;
  const auto walk = [&] {
    told.clear();
    return walk_log(*log.files_, log.options_.directory, [&](const LogItem& item) -> Result<> {
      if (item.frame != nullptr && item.frame->position == Position{2} && item.frame->type == FrameType::kUpdate)
        second = item.begin;
      told.push_back(item.frame != nullptr ? std::to_string(static_cast<int>(item.frame->type))
                                           : std::string(to_string(*item.fault)) + " to " + std::to_string(item.end));
      return {};
    });
  };
  ASSERT_TRUE(walk());
  EXPECT_EQ(told, (std::vector<std::string>{"2", "1", "1", "1", "2", "3"}));
  const std::string path = log.segments().front();
  Bytes bytes = Repair::content(path);
  bytes.at(second + 9) ^= 1U;
  Repair::overwrite(path, bytes);
  ASSERT_TRUE(walk());
  ASSERT_EQ(told.size(), 6U);
  EXPECT_TRUE(told[2].ends_with(" to " + std::to_string(second + 72))) << told[2];
}

}  // namespace
}  // namespace concord::engines
