#pragma once
// One shard of the log: what is read of its topic, and what is written to it. On the driver's reactor; the calls are
// those of the port.

#include <vector>

#include "kafka/shard_view.h"
#include "kafka/shard_writer.h"

namespace concord::kafka {

class ShardLog {
 public:
  ShardLog(engines::ShardId shard, LogParts& parts);

  Task<> seal(engines::Epoch epoch, std::int64_t deadline_ns);
  /// The records have been checked.
  Task<engines::Position> append(engines::Epoch epoch, std::vector<engines::LogRecord> records,
                                 std::int64_t deadline_ns);
  Task<std::vector<engines::LogEntry>> read(engines::Position from, std::size_t max_bytes, std::int64_t deadline_ns);
  Task<engines::Log::Bounds> bounds(std::int64_t deadline_ns);
  Task<> truncate(engines::Position keep_from, std::int64_t deadline_ns);

  void take(const TailEvent& event) { view_.take(event); }
  /// Ends who waits.
  void close();

 private:
  Task<std::int64_t> send(Bytes message, std::int64_t deadline_ns);
  static asio::awaitable<void> remove_before(ShardLog& log, engines::Position position);

  LogParts& parts_;
  ShardView view_;
  ShardWriter writer_;
  bool removing_ = false;
};

}  // namespace concord::kafka
