#pragma once
// Appends of some shards on one connection: what is queued becomes one commit, several statements in it where it is of
// several shards. The first goes at once; what comes while a commit is under way is gathered for a short time, or up to
// a size, and then follows it on the same connection without waiting for its answer. Lives on the pool's reactor.

#include <deque>
#include <map>
#include <optional>

#include "engines/log.h"
#include "engines/suspend.h"
#include "postgres/pool.h"
#include "postgres/postgres_log.h"

namespace concord::postgres {

/// What all lanes of a log have together.
struct LogQueue {
  LogQueue(const PostgresLogOptions& options, Metrics& metrics);

  const PostgresLogOptions& options;
  std::size_t calls = 0;
  std::size_t bytes = 0;
  Gauge& depth;
  Gauge& depth_bytes;
  Counter& refused;
  Histogram& batch_records;
};

class LogLane {
 public:
  LogLane(Pool& pool, LogQueue& queue) : pool_(pool), queue_(queue) {}
  LogLane(const LogLane&) = delete;
  LogLane& operator=(const LogLane&) = delete;

  Task<engines::Position> append(engines::ShardId shard, engines::Epoch epoch, std::vector<engines::LogRecord> records,
                                 std::size_t bytes);
  /// Answers what is queued; what is on its way ends with the pool.
  void close();

 private:
  /// Lives in its coroutine's frame until it is resumed.
  struct Call {
    engines::ShardId shard;
    engines::Epoch epoch;
    std::vector<engines::LogRecord> records;
    std::size_t bytes = 0;
    std::int64_t queued_ns = 0;
    std::optional<Result<engines::Position>> result;  // none: the epoch was not the shard's
    engines::Resume resume;
  };
  /// One shard's part of a commit.
  struct Group {
    std::vector<Call*> calls;
    std::size_t step = 0;  // whose answer is its own
  };
  using Groups = std::map<std::pair<engines::ShardId, engines::Epoch>, Group>;

  void enqueue(Call& call, engines::Resume resume);
  Result<> admit(const Call& call) const;
  void pump();
  bool has_connection();
  bool may_send() const;
  void send();
  Groups take();
  void gather();
  void finish(const Groups& groups, const Result<std::vector<engines::Rows>>& answer);
  void answer(Call& call, std::optional<Result<engines::Position>> result);
  void refuse_all(const Error& error);
  static asio::awaitable<void> connect(LogLane& lane);
  static asio::awaitable<void> wait_for_more(LogLane& lane, std::int64_t milliseconds);
  Task<> explain(engines::ShardId shard, engines::Epoch epoch);

  Pool& pool_;
  LogQueue& queue_;
  std::deque<Call*> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::optional<Pool::Lease> lease_;
  std::size_t in_flight_ = 0;
  bool connecting_ = false;
  bool gathering_ = false;
  bool closed_ = false;
};

}  // namespace concord::postgres
