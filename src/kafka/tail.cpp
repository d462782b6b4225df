#include "kafka/tail.h"

#include <librdkafka/rdkafka.h>

#include <array>

namespace concord::kafka {
namespace {

constexpr std::int64_t kWaitMs = 100;  // also how long a shard may wait until the broker is asked for it too
constexpr std::int64_t kLookUpMs = 2000;
constexpr std::size_t kMessagesATurn = 64;

}  // namespace

Result<std::unique_ptr<Tail>> Tail::open(const KafkaOptions& options, Notices& notices, Reactor& reactor,
                                         BlockingPool& blocking, Take take) {
  TRY(Handle handle, make_consumer(options, notices, kWaitMs));
  Queue queue(rd_kafka_queue_new(handle.get()));
  std::unique_ptr<Tail> made(new Tail(std::move(handle), std::move(queue), blocking, std::move(take)));
  Tail* const tail = made.get();
  made->wakeup_ = std::make_shared<Wakeup>(reactor, [tail] { return tail->take_messages(); });
  made->wakeup_->watch(made->queue_.get());
  return made;
}

Tail::~Tail() {
  for (const auto& [shard, topic] : topics_) rd_kafka_consume_stop(topic.get(), 0);
  Wakeup::unwatch(queue_.get());
  topics_.clear();
  queue_.reset();
  handle_.reset();
}

void Tail::close() { wakeup_->close(); }

Task<> Tail::start(engines::ShardId shard, std::string name, std::int64_t offset) {
  // Shared with the pool, whose work must be copyable to be refused.
  const std::shared_ptr<rd_kafka_topic_s> topic(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr), HandleEnd());
  if (!topic) co_return unavailable("could not be followed", rd_kafka_last_error());
  CO_TRY_VOID(co_await blocking_.run<void>([handle = handle_.get(), topic]() -> Result<> {
    look_up(handle, topic.get(), kLookUpMs);
    return {};
  }));
  if (rd_kafka_consume_start_queue(topic.get(), 0, offset, queue_.get()) == -1)
    co_return unavailable("could not be followed", rd_kafka_last_error());
  shards_.insert_or_assign(topic.get(), shard);
  topics_.insert_or_assign(shard, topic);
  co_return Result<>();
}

Task<> Tail::stop(engines::ShardId shard) {
  const auto found = topics_.find(shard);
  if (found == topics_.end()) co_return Result<>();
  const std::shared_ptr<rd_kafka_topic_s> topic = found->second;
  topics_.erase(found);
  shards_.erase(topic.get());
  co_return co_await blocking_.run<void>([topic]() -> Result<> {
    rd_kafka_consume_stop(topic.get(), 0);
    return {};
  });
}

bool Tail::take_messages() {
  std::array<rd_kafka_message_t*, kMessagesATurn> messages{};
  const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data(), messages.size());
  for (ssize_t i = 0; i < count; ++i) {
    const Message message(messages[static_cast<std::size_t>(i)]);
    take_one(*message);
  }
  return count > 0;
}

void Tail::take_one(const rd_kafka_message_t& message) {
  const auto shard = shards_.find(message.rkt);
  if (shard == shards_.end()) return;
  TailEvent event{.offset = message.offset};
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      event.message = ByteView(static_cast<const std::uint8_t*>(message.payload), message.len);
      break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      event.kind = TailEvent::Kind::kLost;
      break;
    default:
      return;  // the end for now, or what the library tries again
  }
  take_(shard->second, event);
}

}  // namespace concord::kafka
