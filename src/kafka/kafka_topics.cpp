#include "kafka/kafka_topics.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <bit>
#include <chrono>
#include <set>
#include <utility>

#include "base/reactor.h"
#include "kafka/handles.h"

namespace concord::kafka {
namespace {

constexpr std::int64_t kReportsLateMs = 5'000;  // so long after its time a message is given up with the producer
constexpr int kPollMs = 500;

struct EventEnd {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventEnd>;
using engines::TopicMessage;

rd_kafka_vu_t bytes_of(rd_kafka_vtype_t type, std::string& bytes) {
  rd_kafka_vu_t field{};
  field.vtype = type;
  field.u.mem.ptr = bytes.data();
  field.u.mem.size = bytes.size();
  return field;
}

rd_kafka_resp_err_t produce(rd_kafka_t* handle, TopicMessage& message, std::size_t number) {
  std::array<rd_kafka_vu_t, 5> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = message.topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[1].u.i = RD_KAFKA_MSG_F_COPY;
  fields[2] = bytes_of(RD_KAFKA_VTYPE_KEY, message.key);
  fields[3] = bytes_of(RD_KAFKA_VTYPE_VALUE, message.value);
  fields[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[4].u.ptr = std::bit_cast<void*>(static_cast<std::uintptr_t>(number));
  rd_kafka_error_t* error = rd_kafka_produceva(handle, fields.data(), fields.size());
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

class KafkaTopics final : public engines::Topics {
 public:
  KafkaTopics(KafkaOptions options, std::int64_t partitions, const Logger& logger, Metrics& metrics)
      : options_(std::move(options)), partitions_(partitions), notices_(logger, metrics) {}
  ~KafkaTopics() override { pool_.stop(); }

  Task<> prepare(std::vector<std::string> topics) override {
    co_return co_await pool_.run<void>([this, &topics] { return make(topics); });
  }

  asio::awaitable<Sent> send(std::vector<TopicMessage> messages) override {
    Sent sent{std::vector<bool>(messages.size()), {}};
    const auto ran = co_await pool_.run<void>([this, &messages, &sent]() -> Result<> {
      sent.all = send_here(messages, sent.durable);
      return {};
    });
    if (!ran) sent.all = ran;
    co_return sent;
  }

 private:
  Result<> make(const std::vector<std::string>& topics) {
    if (!cluster_) {
      TRY(cluster_, Cluster::open(options_, notices_));
    }
    for (const std::string& topic : topics) {
      TRY(const bool there, cluster_->has(topic, options_.call_timeout_ms));
      if (!there) TRY_VOID(cluster_->make_topic(topic, {}, options_.call_timeout_ms, partitions_));
    }
    return {};
  }

  Result<> send_here(std::vector<TopicMessage>& messages, std::vector<bool>& durable) {
    if (!producer_) {
      TRY(producer_, make_producer(options_, notices_));
    }
    std::set<std::size_t> waiting;
    Result<> all;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (const auto error = produce(producer_.get(), messages[i], i); error == RD_KAFKA_RESP_ERR_NO_ERROR)
        waiting.insert(i);
      else
        all = unavailable("did not take a message", error);
    }
    if (Result<> reported = take_reports(waiting, durable); !reported) all = std::move(reported);
    if (!all) producer_.reset();  // what it has not given up yet is not sent beside what comes after
    return all;
  }

  /// Until each that is waited for has been reported.
  Result<> take_reports(std::set<std::size_t>& waiting, std::vector<bool>& durable) {
    const Queue queue(rd_kafka_queue_get_main(producer_.get()));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.message_timeout_ms + kReportsLateMs);
    Result<> all;
    while (!waiting.empty()) {
      if (std::chrono::steady_clock::now() > until)
        return unavailable("did not confirm a message", RD_KAFKA_RESP_ERR__TIMED_OUT);
      const Event event(rd_kafka_queue_poll(queue.get(), kPollMs));
      if (!event) continue;
      const auto failed = rd_kafka_event_error(event.get());
      if (failed == RD_KAFKA_RESP_ERR__FATAL && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR)
        return unavailable("has failed for good, and another producer begins", failed);
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
        const auto number = static_cast<std::size_t>(std::bit_cast<std::uintptr_t>(message->_private));
        waiting.erase(number);
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
          durable[number] = true;
        else
          all = unavailable("did not confirm a message", message->err);
      }
    }
    return all;
  }

  const KafkaOptions options_;
  const std::int64_t partitions_;
  Notices notices_;
  // On the pool's one thread:
  std::unique_ptr<Cluster> cluster_;
  Handle producer_;
  BlockingPool pool_{1};
};

}  // namespace

Result<std::unique_ptr<engines::Topics>> open_kafka_topics(KafkaOptions options, std::int64_t partitions,
                                                           const Logger& logger, Metrics& metrics) {
  TRY_VOID(check(options));
  return std::make_unique<KafkaTopics>(std::move(options), partitions, logger, metrics);
}

}  // namespace concord::kafka
