#pragma once
// Follows the topics of many shards: what is added to them comes to one callback, on one reactor.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/reactor.h"
#include "engines/log.h"
#include "kafka/handles.h"
#include "kafka/wakeup.h"

namespace concord::kafka {

/// What is borrowed is valid during the callback.
struct TailEvent {
  enum class Kind : std::uint8_t {
    kMessage,
    kLost,  // what is at the offset is not there, nor is the topic perhaps; nothing more comes
  };
  Kind kind = Kind::kMessage;
  std::int64_t offset = 0;
  ByteView message;
};

/// Used on its reactor, but for `open` and the end.
class Tail {
 public:
  using Take = std::function<void(engines::ShardId, const TailEvent&)>;

  static Result<std::unique_ptr<Tail>> open(const KafkaOptions& options, Notices& notices, Reactor& reactor,
                                            BlockingPool& blocking, Take take);
  /// Closed, and not on the reactor: it blocks.
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// The shard is not followed now.
  Task<> start(engines::ShardId shard, std::string topic, std::int64_t offset);
  /// When it ends, nothing more comes of the shard.
  Task<> stop(engines::ShardId shard);
  void close();

 private:
  Tail(Handle handle, Queue queue, BlockingPool& blocking, Take take)
      : handle_(std::move(handle)), queue_(std::move(queue)), blocking_(blocking), take_(std::move(take)) {}
  bool take_messages();
  void take_one(const rd_kafka_message_s& message);

  Handle handle_;
  Queue queue_;
  BlockingPool& blocking_;
  Take take_;
  std::shared_ptr<Wakeup> wakeup_;                                        // shared with what it posted
  std::map<engines::ShardId, std::shared_ptr<rd_kafka_topic_s>> topics_;  // that are followed; shared with the pool
  std::map<const rd_kafka_topic_s*, engines::ShardId> shards_;            // whose they are
};

}  // namespace concord::kafka
