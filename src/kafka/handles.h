#pragma once
// librdkafka's handles as values that end with their owner, and what is asked of a cluster by calls that block.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/options.h"

extern "C" {
struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_queue_s;
struct rd_kafka_message_s;
}

namespace concord::kafka {

struct HandleEnd {
  void operator()(rd_kafka_s* handle) const;  // blocks until its threads have ended; what waits in it is dropped
  void operator()(rd_kafka_topic_s* topic) const;
  void operator()(rd_kafka_queue_s* queue) const;
  void operator()(rd_kafka_message_s* message) const;
};
using Handle = std::unique_ptr<rd_kafka_s, HandleEnd>;
using Topic = std::unique_ptr<rd_kafka_topic_s, HandleEnd>;
using Queue = std::unique_ptr<rd_kafka_queue_s, HandleEnd>;
using Message = std::unique_ptr<rd_kafka_message_s, HandleEnd>;

/// What librdkafka reports from its threads. Outlives the handles.
struct Notices {
  Notices(Logger l, Metrics& metrics)
      : logger(std::move(l)),
        lines(metrics.counter("concord_kafka_notices_total", "Failures of connections that the library reported.")) {}
  Logger logger;
  Counter& lines;
};

/// Idempotent, for all replicas in sync; its reports are events of its main queue.
Result<Handle> make_producer(const KafkaOptions& options, Notices& notices);
/// In no group; begins where it is told to. `wait_ms`: how long a broker may hold an answer back that has nothing yet.
Result<Handle> make_consumer(const KafkaOptions& options, Notices& notices, std::int64_t wait_ms);

/// Asks for the topic's leader now; the library by itself looks once a second for topics that it does not know. Blocks.
void look_up(rd_kafka_s* handle, rd_kafka_topic_s* topic, std::int64_t timeout_ms);

/// kUnavailable, with the library's own words.
std::unexpected<Error> unavailable(std::string_view what, int error);

/// The calls block up to the time that is given; kUnavailable where the cluster did not answer in it.
class Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> open(const KafkaOptions& options, Notices& notices);

  struct Ends {
    std::int64_t low = 0;   // of the first message that is kept
    std::int64_t high = 0;  // behind the last that all replicas in sync have
  };
  /// nullopt where there is no such topic.
  Result<std::optional<Ends>> ends(const std::string& topic, std::int64_t timeout_ms);
  Result<bool> has(const std::string& topic, std::int64_t timeout_ms);
  /// Makes it, unless it is there.
  Result<> make_topic(const std::string& topic, const std::vector<std::pair<std::string, std::string>>& config,
                      std::int64_t timeout_ms, std::int64_t partitions = 1);
  /// Removes the messages before the offset.
  Result<> remove_before(const std::string& topic, std::int64_t offset, std::int64_t timeout_ms);

 private:
  Cluster(Handle handle, std::int64_t replicas) : handle_(std::move(handle)), replicas_(replicas) {}

  Handle handle_;
  const std::int64_t replicas_;
};

}  // namespace concord::kafka
