#pragma once
// A log that appends when the test says so, and fails when it says so; open, it appends at once. For coroutines on one
// reactor.

#include <cstdint>
#include <vector>

#include "base/async.h"
#include "engines/log.h"

namespace concord::documents {

class GatedLog final : public engines::Log {
 public:
  GatedLog(engines::Log& log, Reactor& reactor) : log_(log), changed_(reactor) {}

  void open() {
    open_ = true;
    changed_.notify_all();
  }
  void close() { open_ = false; }
  /// Answers the append that waits, if one does, and returns when it is answered.
  asio::awaitable<void> let_one(bool fails) {
    if (waiting_ == 0) co_return;
    const std::uint64_t before = answered_;
    allowed_ = true;
    fails_ = fails;
    changed_.notify_all();
    while (answered_ == before) co_await changed_.wait();
  }

  Task<> seal(engines::ShardId shard, engines::Epoch epoch) override { return log_.seal(shard, epoch); }
  Task<engines::Position> append(engines::ShardId shard, engines::Epoch epoch,
                                 std::vector<engines::LogRecord> records) override {
    ++waiting_;
    while (!open_ && !allowed_) co_await changed_.wait();
    --waiting_;
    const bool fails = allowed_ && fails_;
    allowed_ = false;
    Result<engines::Position> done = fail(Code::kUnavailable, "the log fails as told");
    if (!fails) done = co_await log_.append(shard, epoch, std::move(records));
    ++answered_;
    changed_.notify_all();
    co_return done;
  }
  Task<std::vector<engines::LogEntry>> read(engines::ShardId shard, engines::Position from,
                                            std::size_t max_bytes) override {
    return log_.read(shard, from, max_bytes);
  }
  Task<Bounds> bounds(engines::ShardId shard) override { return log_.bounds(shard); }
  Task<> truncate(engines::ShardId shard, engines::Position keep_from) override {
    return log_.truncate(shard, keep_from);
  }

 private:
  engines::Log& log_;
  AsyncEvent changed_;
  bool open_ = true;
  bool allowed_ = false;
  bool fails_ = false;
  unsigned waiting_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace concord::documents
