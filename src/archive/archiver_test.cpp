// The archiver on a disk that loses power at every step: after each, the archive is what its last manifest says, a
// later round goes on from there, and a restore has every record that was archived.

#include "archive/archiver.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "archive/archive_reader.h"
#include "archive/hub_archive.h"
#include "archive/restore.h"
#include "engines/directory_blobs.h"
#include "engines/embedded_testing.h"
#include "engines/log_repair.h"
#include "engines/simulated_disk_testing.h"
#include "engines/unsynced_files.h"

namespace concord::archive {
namespace {

using engines::Epoch;
using engines::LogRecord;
using engines::ShardId;
using engines::testing::SimulatedDisk;

class ArchiverTest : public concord::testing::EngineTest {
 protected:
  ArchiverTest() {
    EXPECT_TRUE(run(engines_.tables->query({"CREATE TABLE documents (id TEXT, owner TEXT)", {}})));
    EXPECT_TRUE(run(engines_.tables->query({"INSERT INTO documents VALUES ($1, $2)", {stream_, owner_}})));
    EXPECT_TRUE(run(engines_.log->seal(ShardId{1}, Epoch{1})));
  }

  void append(int count = 1) {
    for (int i = 0; i < count; ++i) {
      LogRecord record;
      record.kind = 1;
      record.stream = stream_;
      record.payload = std::make_shared<const Bytes>(Bytes(200, static_cast<std::uint8_t>(++appended_)));
      EXPECT_TRUE(run(engines_.log->append(ShardId{1}, Epoch{1}, {record})));
    }
  }
  void put_blob(const std::string& key) {
    EXPECT_TRUE(run(engines_.blobs->put(key, std::make_shared<const Bytes>(to_bytes(key)))));
    changes_.note(key, BlobChanges::Change::kPut);
  }
  void remove_blob(const std::string& key) {
    EXPECT_TRUE(run(engines_.blobs->remove(key)));
    changes_.note(key, BlobChanges::Change::kRemoved);
  }

  ArchiveSource source() {
    ArchiveSource out;
    engines::SegmentLog* log = engines_.embedded.log;
    out.log = log->identity();
    out.extents = [log] { return log->extents(); };
    out.release = [](std::uint32_t) {};
    out.blobs = engines_.blobs.get();
    out.changes = &changes_;
    out.files = engines_.embedded.files;
    out.database_path = engines_.embedded.database_path;
    out.temporary_path = directory() + "/copy";
    return out;
  }
  std::unique_ptr<engines::Blobs> place(engines::FileSystem& disk) {
    return engines::DirectoryBlobs::open(disk, {.directory = "a", .threads = 1}, Logger(), target_metrics_).value();
  }
  std::unique_ptr<Archiver> archiver(engines::Blobs& target, ArchiverOptions options = {}) {
    return std::make_unique<Archiver>(target, source(), std::move(options), pool_, clock_, Logger(), metrics_);
  }
  /// What the manifest names is there, and whole.
  void check(engines::Blobs& target) {
    auto found = run(find_manifest(target));
    if (!found && found.error().code == Code::kNotFound) return;
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(found->damage.empty()) << found->damage.front();
    for (const auto& [key, object] : found->manifest.objects()) {
      const auto read = run(read_whole(target, key, object));
      EXPECT_TRUE(read) << read.error().message;
    }
  }
  Result<RestoreReport> restore(engines::Blobs& target) {
    RestoreOptions options;
    options.to = directory() + "/restored-" + std::to_string(++restored_);
    options.random64 = [this] { return ids_.random64(); };
    return run(archive::restore(target, *engines_.embedded.files, options, pool_, clock_));
  }
  std::uint64_t records_in(const std::string& data) {
    const auto seen = engines::inspect_log(*engines_.embedded.files, data + "/log").value();
    EXPECT_TRUE(seen->found.damage.empty());
    const auto shard = seen->index.shard(ShardId{1});
    return shard.next.value - shard.first.value;
  }

  const std::string stream_ = "doc_00000000000000000000000001";
  const std::string owner_ = "usr_00000000000000000000000001";
  BlobChanges changes_;
  Metrics target_metrics_;
  BlockingPool pool_{1};
  int appended_ = 0;
  int restored_ = 0;
};

/// The machine's files on a place where each sync of a directory takes its time.
class SlowFiles final : public engines::FileSystem {
 public:
  SlowFiles(engines::FileSystem& files, std::string place) : files_(files), place_(std::move(place)) {}
  std::atomic<std::int64_t> sync_ms = 0;

  Result<std::unique_ptr<engines::File>> open(const std::string& path, engines::OpenMode mode) override {
    return files_.open(path, mode);
  }
  Result<> rename(const std::string& from, const std::string& to, engines::Replace replace) override {
    return files_.rename(from, to, replace);
  }
  Result<> remove(const std::string& path) override { return files_.remove(path); }
  Result<> make_directory(const std::string& path) override { return files_.make_directory(path); }
  Result<> remove_directory(const std::string& path) override { return files_.remove_directory(path); }
  Result<> sync_directory(const std::string& path) override {
    if (path.starts_with(place_)) std::this_thread::sleep_for(std::chrono::milliseconds(sync_ms));
    return files_.sync_directory(path);
  }
  Result<> sync_tree(const std::string& path) override { return files_.sync_tree(path); }
  Result<std::vector<engines::DirectoryEntry>> list(const std::string& path) override { return files_.list(path); }

 private:
  engines::FileSystem& files_;
  const std::string place_;
};

TEST_F(ArchiverTest, the_last_round_at_a_slow_place_ends_in_time_and_the_next_start_goes_on) {
  constexpr std::int64_t kBlobs = 100;
  const std::string place = directory() + "/archive";
  SlowFiles slow(*engines_.embedded.files, place);
  engines_.embedded.files = &slow;
  append(3);
  for (int i = 0; i < kBlobs; ++i) put_blob("other/" + std::to_string(i));
  const auto took_ms = [this](HubArchive& archive, std::int64_t within_ms) {
    const std::int64_t began_ns = clock_.monotonic_ns();
    concord::testing::run_on(reactor(), archive.stop(began_ns + within_ms * 1'000'000));
    return (clock_.monotonic_ns() - began_ns) / 1'000'000;
  };
  constexpr std::int64_t kHourMs = 3'600'000;  // no round would end by itself before all is there
  {
    slow.sync_ms = 50;
    HubArchive archive(place, {.interval_ms = kHourMs}, engines_, clock_, Logger(), metrics_);
    archive.start(reactor());
    EXPECT_LT(took_ms(archive, 500), kBlobs * slow.sync_ms / 2);
    EXPECT_FALSE(archive.state());
  }
  slow.sync_ms = 0;
  Metrics metrics;
  HubArchive archive(place, {.interval_ms = kHourMs}, engines_, clock_, Logger(), metrics);
  archive.start(reactor());
  (void)took_ms(archive, 60'000);
  EXPECT_TRUE(archive.state());
  const auto objects = engines::DirectoryBlobs::open(slow, {.directory = place, .read_only = true}, Logger(), metrics);
  ASSERT_TRUE(objects);
  check(**objects);
  const auto found = run(find_manifest(**objects));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->manifest.complete);
  for (int i = 0; i < kBlobs; ++i) EXPECT_NE(found->manifest.find("blobs/other/" + std::to_string(i)), nullptr) << i;
}

/// As the hub archives, and as `concord backup` does: with a sync for each object, or with one for all.
class ArchiverPowerTest : public ArchiverTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, ArchiverPowerTest, ::testing::Bool(), [](const auto& all_at_once) {
  return std::string(all_at_once.param ? "all_at_once" : "one_by_one");
});

TEST_P(ArchiverPowerTest, a_loss_of_power_at_any_step_leaves_a_whole_archive) {
  bool went_through = false;
  for (std::uint64_t step = 1; !went_through && !HasFailure(); ++step) {
    SimulatedDisk disk(step);
    {
      std::atomic<bool> deferring = GetParam();
      const auto files = engines::make_unsynced(disk, deferring);
      ArchiverOptions options;
      options.durability = [&](bool wanted) -> Result<> {
        deferring = GetParam() && !wanted;
        return wanted ? disk.sync_tree("a") : Result<>{};
      };
      if (!GetParam()) options.durability = {};
      auto target = place(*files);
      append(2);
      ASSERT_TRUE(run(archiver(*target, options)->round()));
      append(2);
      put_blob("other/" + std::to_string(step));
      disk.lose_power_after(step);
      went_through = run(archiver(*target, options)->round()).has_value();
    }
    disk.power_on();
    auto target = place(disk);
    check(*target);
    append();
    const Result<> goes_on = run(archiver(*target)->round());
    ASSERT_TRUE(goes_on) << goes_on.error().message << ", step " << step;
    check(*target);
    const auto report = restore(*target);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->whole()) << report->damage.front();
    EXPECT_EQ(records_in(directory() + "/restored-" + std::to_string(restored_)),
              static_cast<std::uint64_t>(appended_));
    remove_blob("other/" + std::to_string(step));  // or each step would have one more to sync
  }
}

TEST_F(ArchiverTest, many_rounds_make_few_pieces_and_lose_nothing) {
  SimulatedDisk disk(1);
  auto target = place(disk);
  const auto keeper = archiver(*target);
  for (int i = 0; i < 200; ++i) {
    append();
    ASSERT_TRUE(run(keeper->round()));
  }
  std::size_t pieces = 0;
  for (const auto& [segment, its] : log_pieces(keeper->manifest())) pieces += its.size();
  EXPECT_LT(pieces, 30U);
  check(*target);
  const auto report = restore(*target);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->records, 200U);
  EXPECT_TRUE(report->whole());
}

TEST_F(ArchiverTest, every_damaged_object_is_told_of) {
  SimulatedDisk disk(1);
  auto target = place(disk);
  append(5);
  put_blob("other/one");
  ASSERT_TRUE(run(archiver(*target)->round()));
  for (const std::string& path : disk.paths()) {
    const Bytes good = disk.content(path);
    Bytes bad = good;
    bad[bad.size() / 2] ^= 16U;
    disk.overwrite(path, bad);
    const auto report = restore(*target);
    EXPECT_TRUE(!report || !report->whole()) << path;
    disk.overwrite(path, good);
  }
  const auto report = restore(*target);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->whole());
}

TEST_F(ArchiverTest, the_archive_of_another_log_is_left_alone) {
  SimulatedDisk disk(1);
  auto target = place(disk);
  append();
  ASSERT_TRUE(run(archiver(*target)->round()));
  ArchiveSource other = source();
  other.log[0] ^= 1U;
  Archiver stranger(*target, other, ArchiverOptions{}, pool_, clock_, Logger(), metrics_);
  const Result<> refused = run(stranger.round());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  check(*target);
}

}  // namespace
}  // namespace concord::archive
