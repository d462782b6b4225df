#pragma once
// Reads what is in a shard's topic, from a landmark on, beside the tail that follows it. Blocks: for a pool's threads.
//
// A reader that has not come to the end stays where it is, with what it has fetched, for a read that goes on there.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engines/log.h"
#include "kafka/handles.h"
#include "kafka/position_index.h"

namespace concord::kafka {

struct ReadRequest {
  engines::ShardId shard;
  std::string topic;
  Landmark from_landmark;  // not behind `from`
  engines::Position from;
  engines::Position end;  // from < end, and the records before it are there
  std::size_t max_bytes = 0;
  std::int64_t deadline_ns = 0;
};

class Readers {
 public:
  Readers(const KafkaOptions& options, Notices& notices, Clock& clock);
  ~Readers();  // nobody reads

  /// At least one entry. kUnavailable where the time is over; kNotFound where the topic begins behind the landmark by
  /// now; kCorrupt. Any thread.
  Result<std::vector<engines::LogEntry>> read(const ReadRequest& request);

 private:
  class Reader;
  Result<std::unique_ptr<Reader>> borrow(const ReadRequest& request);
  void give_back(std::unique_ptr<Reader> reader);

  const KafkaOptions& options_;
  Notices& notices_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Reader>> idle_;  // guarded by mutex_; the longest idle first
  std::size_t made_ = 0;                       // guarded by mutex_
};

}  // namespace concord::kafka
