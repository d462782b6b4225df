// The segment log's queue: what shares a sync, what is seen before it, and the limits.

#include <condition_variable>
#include <future>
#include <thread>

#include "engines/segment_log_testing.h"

namespace concord::engines {
namespace {

using testing::code_of;
using testing::SegmentLogTest;
using testing::SimulatedDisk;

/// The simulated disk with a gate before each sync.
class GatedFiles final : public FileSystem {
 public:
  explicit GatedFiles(SimulatedDisk& disk) : disk_(disk) {}

  void shut() { set(false); }
  void let_through() { set(true); }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    TRY(auto file, disk_.open(path, mode));
    return std::make_unique<Gated>(*this, std::move(file));
  }
  Result<> rename(const std::string& a, const std::string& b, Replace r) override { return disk_.rename(a, b, r); }
  Result<> remove(const std::string& path) override { return disk_.remove(path); }
  Result<> make_directory(const std::string& path) override { return disk_.make_directory(path); }
  Result<> remove_directory(const std::string& path) override { return disk_.remove_directory(path); }
  Result<> sync_directory(const std::string& path) override { return disk_.sync_directory(path); }
  Result<> sync_tree(const std::string& path) override { return disk_.sync_tree(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return disk_.list(path); }

 private:
  class Gated final : public File {
   public:
    Gated(GatedFiles& files, std::unique_ptr<File> file) : files_(files), file_(std::move(file)) {}
    Result<std::size_t> read_at(std::uint64_t o, std::span<std::uint8_t> into) override {
      return file_->read_at(o, into);
    }
    Result<std::size_t> write_at(std::uint64_t o, ByteView bytes) override { return file_->write_at(o, bytes); }
    Result<> sync() override {
      std::unique_lock lock(files_.mutex_);
      files_.changed_.wait(lock, [this] { return files_.open_; });
      return file_->sync();
    }
    Result<> truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<> allocate(std::uint64_t o, std::uint64_t size) override { return file_->allocate(o, size); }
    Result<std::uint64_t> size() override { return file_->size(); }

   private:
    GatedFiles& files_;
    std::unique_ptr<File> file_;
  };
  void set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }

  SimulatedDisk& disk_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
};

class GatedLogTest : public SegmentLogTest {
 protected:
  ~GatedLogTest() override {
    files_.let_through();
    log_.reset();
  }
  void open_gated() {
    options_.segment_bytes = 1 << 20;
    log_ = SegmentLog::open(files_, options_, clock_, ids_, Logger(), metrics_).value();
    ASSERT_TRUE(seal(1));
  }
  std::future<Result<Position>> start(std::size_t payload_bytes = 10) {
    LogRecord record;
    record.payload = std::make_shared<const Bytes>(payload_bytes);
    auto promise = std::make_shared<std::promise<Result<Position>>>();
    asio::co_spawn(reactors_.at().context(), log_->append(ShardId{1}, Epoch{1}, {record}),
                   [promise](std::exception_ptr, Result<Position> result) { promise->set_value(std::move(result)); });
    concord::testing::call_on(reactors_.at(), [] { return 0; });
    return promise->get_future();
  }
  /// Starts an append and waits until its sync stands at the gate.
  std::future<Result<Position>> start_and_reach_gate() {
    const std::uint64_t before = disk_.operations();
    auto first = start();
    while (disk_.operations() == before) std::this_thread::yield();
    return first;
  }
  GatedFiles files_{disk_};
};

TEST_F(GatedLogTest, what_arrives_during_a_sync_shares_the_next_one) {
  open_gated();
  files_.shut();
  auto first = start_and_reach_gate();
  std::vector<std::future<Result<Position>>> waiting;
  for (int i = 0; i < 100; ++i) waiting.push_back(start());
  const std::uint64_t before = disk_.operations();
  files_.let_through();
  ASSERT_TRUE(first.get());
  for (std::size_t i = 0; i < waiting.size(); ++i) EXPECT_EQ(waiting[i].get()->value, i + 2);
  EXPECT_LE(disk_.operations() - before, 4U);  // the first's sync, and one allocation, write and sync for the others
}

TEST_F(GatedLogTest, nothing_is_seen_before_it_is_durable) {
  open_gated();
  ASSERT_TRUE(append(1, "durable"));
  files_.shut();
  auto pending = start_and_reach_gate();
  EXPECT_EQ(count(1).value(), 1U);
  EXPECT_EQ(pending.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  files_.let_through();
  ASSERT_TRUE(pending.get());
  EXPECT_EQ(count(1).value(), 2U);
}

TEST_F(GatedLogTest, a_full_queue_refuses_and_the_rest_is_kept) {
  options_.max_queued_appends = 5;
  open_gated();
  files_.shut();
  auto first = start_and_reach_gate();
  std::vector<std::future<Result<Position>>> others;
  for (int i = 0; i < 8; ++i) others.push_back(start());
  for (std::size_t i = 5; i < 8; ++i) EXPECT_EQ(code_of(others[i].get()), Code::kUnavailable);
  files_.let_through();
  ASSERT_TRUE(first.get());
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(others[i].get());
  EXPECT_EQ(count(1).value(), 6U);
}

TEST_F(GatedLogTest, bytes_in_the_queue_have_a_limit_too_and_a_batch_has_one) {
  options_.max_queued_bytes = 10'000;
  options_.max_batch_bytes = 2000;
  open_gated();
  files_.shut();
  auto first = start_and_reach_gate();
  std::vector<std::future<Result<Position>>> others;
  for (int i = 0; i < 12; ++i) others.push_back(start(900));
  int refused = 0;
  files_.let_through();
  for (auto& each : others) refused += each.get() ? 0 : 1;
  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 3);
  const auto batches =
      metrics_.histogram("concord_log_batch_bytes", "Bytes of one durable write.", size_bounds()).read();
  for (const auto& [bound, at_or_below] : batches.buckets) {
    if (bound >= 4096) EXPECT_EQ(at_or_below, batches.count);
  }
}

TEST_F(GatedLogTest, closing_finishes_what_is_queued) {
  open_gated();
  files_.shut();
  auto first = start_and_reach_gate();
  std::vector<std::future<Result<Position>>> others;
  for (int i = 0; i < 20; ++i) others.push_back(start());
  std::thread closing([this] { log_.reset(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  files_.let_through();
  closing.join();
  EXPECT_TRUE(first.get());
  for (auto& each : others) EXPECT_TRUE(each.get());
  open();
  EXPECT_EQ(count(1).value(), 21U);
}

}  // namespace
}  // namespace concord::engines
