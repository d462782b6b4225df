#include "kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <bit>
#include <utility>

namespace concord::kafka {
namespace {

constexpr std::int64_t kLookUpMs = 2000;
constexpr int kReportsATurn = 64;  // then others have their turn on the reactor

struct EventEnd {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventEnd>;

rd_kafka_resp_err_t produce(rd_kafka_t* handle, const std::string& topic, ByteView message, std::uint64_t id) {
  std::array<rd_kafka_vu_t, 5> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = 0;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[3].u.mem.ptr = const_cast<std::uint8_t*>(message.data());  // NOLINT: copied, as the flag says
  fields[3].u.mem.size = message.size();
  fields[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[4].u.ptr = std::bit_cast<void*>(static_cast<std::uintptr_t>(id));
  rd_kafka_error_t* error = rd_kafka_produceva(handle, fields.data(), fields.size());
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

}  // namespace

Producer::Link::~Link() {
  topics.clear();
  if (queue) Wakeup::unwatch(queue.get());
  queue.reset();
  handle.reset();
}

Result<std::unique_ptr<Producer>> Producer::open(const KafkaOptions& options, Notices& notices, Reactor& reactor,
                                                 BlockingPool& blocking) {
  std::unique_ptr<Producer> made(new Producer(options, notices, reactor, blocking));
  TRY_VOID(made->connect());
  return made;
}

Producer::~Producer() = default;

Result<> Producer::connect() {
  auto link = std::make_shared<Link>();
  TRY(link->handle, make_producer(options_, notices_));
  link->queue = Queue(rd_kafka_queue_get_main(link->handle.get()));
  link->wakeup = std::make_shared<Wakeup>(reactor_, [this] { return take_reports(); });
  link->wakeup->watch(link->queue.get());
  link_ = std::move(link);
  return {};
}

void Producer::close() {
  closed_ = true;
  if (link_) link_->wakeup->close();
  waiting_.clear();
}

Task<> Producer::look_up(std::string name) {
  const std::shared_ptr<Link> link = link_;
  if (!link || link->topics.contains(name)) co_return Result<>();
  const std::shared_ptr<rd_kafka_topic_s> topic(rd_kafka_topic_new(link->handle.get(), name.c_str(), nullptr),
                                                HandleEnd());
  if (!topic) co_return unavailable("has no memory for a topic", rd_kafka_last_error());
  CO_TRY_VOID(co_await blocking_.run<void>([link, topic]() -> Result<> {
    kafka::look_up(link->handle.get(), topic.get(), kLookUpMs);
    return {};
  }));
  link->topics.emplace(std::move(name), topic);
  co_return Result<>();
}

void Producer::send(const std::string& topic, ByteView message, Delivered delivered) {
  if (!link_) {
    if (auto connected = connect(); !connected) return fail_later(std::move(delivered), connected.error());
  }
  const std::uint64_t id = next_id_++;
  const auto error = produce(link_->handle.get(), topic, message, id);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    waiting_.emplace(id, std::move(delivered));
    return;
  }
  fail_later(std::move(delivered), unavailable("did not take a message", error).error());
  if (error == RD_KAFKA_RESP_ERR__FATAL) replace();
}

void Producer::fail_later(Delivered delivered, Error error) {
  error.code = Code::kUnavailable;
  const std::uint64_t id = next_id_++;
  waiting_.emplace(id, std::move(delivered));
  reactor_.post([this, id, error = std::move(error)] { deliver(id, fail(error)); });
}

/// What the library could not keep in order any more: nothing of it is waited for, and another producer begins anew.
void Producer::replace() {
  notices_.logger.warn("the producer has failed and is replaced");
  auto lost = std::exchange(waiting_, {});
  link_->wakeup->close();
  // Its end blocks, until its threads have ended.
  static_cast<void>(blocking_.post([old = std::exchange(link_, nullptr)]() mutable { old.reset(); }));
  for (auto& [id, delivered] : lost)
    fail_later(std::move(delivered), Error{Code::kUnavailable, "Kafka: sent anew", {}});
}

void Producer::deliver(std::uint64_t id, Result<std::int64_t> result) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Delivered delivered = std::move(found->second);
  waiting_.erase(found);
  delivered(std::move(result));
}

bool Producer::take_reports() {
  for (int i = 0; i < kReportsATurn; ++i) {
    if (!link_) return false;
    const Event event(rd_kafka_queue_poll(link_->queue.get(), 0));
    if (!event) return false;
    if (rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR__FATAL &&
        rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
      replace();
      return false;
    }
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
      const auto id = static_cast<std::uint64_t>(std::bit_cast<std::uintptr_t>(message->_private));
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        deliver(id, message->offset);
      } else {
        deliver(id, unavailable("did not confirm a message", message->err));
      }
    }
  }
  return true;
}

}  // namespace concord::kafka
