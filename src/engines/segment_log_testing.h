#pragma once
// A segment log on a simulated disk, for its tests.

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <utility>

#include "engines/contract_testing.h"
#include "engines/segment_format.h"
#include "engines/segment_log.h"
#include "engines/simulated_disk_testing.h"

namespace concord::engines::testing {

constexpr std::size_t kAll = 1U << 30U;
inline const std::string kFirst = "log/0000000000000001.segment";

class LinesSink final : public LogSink {
 public:
  void write(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    lines_ += line;
    lines_ += '\n';
  }
  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, "");
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};

class SegmentLogTest : public ::testing::Test {
 protected:
  explicit SegmentLogTest(std::uint64_t seed = 1) : disk_(seed) {
    options_.directory = "log";
    options_.segment_bytes = 4096;
    options_.allocate_bytes = 1024;
  }
  ~SegmentLogTest() override { log_.reset(); }

  void open() {
    log_.reset();
    auto opened =
        SegmentLog::open(disk_, options_, clock_, ids_, Logger(lines_, LogLevel::kInfo, LogFormat::kHuman), metrics_);
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }
  void close() { log_.reset(); }
  /// As the process's death: without the end of a clean shutdown.
  void crash() {
    std::map<std::string, Bytes> files;
    for (const std::string& path : disk_.paths()) files[path] = disk_.content(path);
    close();
    for (const auto& [path, content] : files) disk_.overwrite(path, content);
  }
  template <class T>
  Result<T> run(Task<T> task) {
    return run_on(reactors_.at(), std::move(task));
  }
  Result<> seal(std::uint32_t shard, std::uint64_t epoch = 1) { return run(log_->seal(ShardId{shard}, Epoch{epoch})); }
  Result<Position> append(std::uint32_t shard, std::string payload, std::size_t count = 1) {
    LogRecord record;
    record.stream = "doc";
    record.payload = std::make_shared<const Bytes>(to_bytes(payload));
    return run(log_->append(ShardId{shard}, Epoch{1}, std::vector<LogRecord>(count, record)));
  }
  Result<std::size_t> count(std::uint32_t shard) {
    TRY(const Log::Bounds bounds, run(log_->bounds(ShardId{shard})));
    TRY(const auto entries, run(log_->read(ShardId{shard}, bounds.first, kAll)));
    EXPECT_EQ(bounds.next.value - bounds.first.value, entries.size());
    return entries.size();
  }
  void flip(const std::string& path, std::size_t at, std::uint8_t bits = 1) {
    Bytes content = disk_.content(path);
    content.at(at) ^= bits;
    disk_.overwrite(path, content);
  }
  void cut(const std::string& path, std::size_t size) {
    Bytes content = disk_.content(path);
    content.resize(size);
    disk_.overwrite(path, content);
  }
  /// Offsets of the frames of a segment, and behind the last its end.
  std::vector<std::size_t> frames(const std::string& path) {
    const Bytes content = disk_.content(path);
    std::vector<std::size_t> offsets{kSegmentHeaderBytes};
    for (;;) {
      const auto size = peek_frame(ByteView(content).subspan(offsets.back()), std::nullopt);
      if (!size) return offsets;
      offsets.push_back(offsets.back() + *size);
    }
  }

  SimulatedDisk disk_;
  SegmentLogOptions options_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::shared_ptr<LinesSink> lines_ = std::make_shared<LinesSink>();
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<SegmentLog> log_;
};

}  // namespace concord::engines::testing
