#include "kafka/handles.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <initializer_list>
#include <utility>

#include "kafka/frame.h"

namespace concord::kafka {
namespace {

constexpr int kWarning = 4;  // of syslog(3), as the library has them

using Settings = std::initializer_list<std::pair<const char*, std::string>>;
struct ConfEnd {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfEnd>;

void take_line(const rd_kafka_t* handle, int level, const char* facility, const char* line) {
  const auto* notices = static_cast<const Notices*>(rd_kafka_opaque(handle));
  if (notices == nullptr) return;
  if (level <= kWarning) notices->lines.add();
  notices->logger.debug(line, {{"facility", facility}});
}

Result<> set(rd_kafka_conf_t* conf, Settings settings) {
  std::array<char, 256> why{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
      return fail(Code::kInvalidArgument, std::string("Kafka: ") + why.data());
  }
  return {};
}

Result<Conf> make_conf(const KafkaOptions& options, Notices& notices) {
  Conf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_opaque(conf.get(), &notices);
  rd_kafka_conf_set_log_cb(conf.get(), take_line);
  const bool signs_in = !options.user.empty();
  TRY_VOID(set(conf.get(),
               {{"bootstrap.servers", options.brokers},
                {"client.id", "concord"},
                {"log.connection.close", "false"},
                {"allow.auto.create.topics", "false"},
                {"socket.nagle.disable", "true"},
                {"socket.keepalive.enable", "true"},
                {"socket.timeout.ms", "5000"},
                {"socket.connection.setup.timeout.ms", "5000"},
                {"reconnect.backoff.ms", "50"},
                {"reconnect.backoff.max.ms", "1000"},
                {"retry.backoff.ms", "50"},
                {"topic.metadata.refresh.fast.interval.ms", "100"},
                {"topic.metadata.refresh.interval.ms", "60000"},
                {"security.protocol", std::string(signs_in ? "sasl_" : "") + (options.tls ? "ssl" : "plaintext")}}));
  if (signs_in) {
    TRY_VOID(set(
        conf.get(),
        {{"sasl.mechanism", options.mechanism}, {"sasl.username", options.user}, {"sasl.password", options.password}}));
  }
  if (options.tls) {
    TRY_VOID(set(conf.get(), {{"ssl.endpoint.identification.algorithm", "https"}}));
    if (!options.ca_file.empty()) TRY_VOID(set(conf.get(), {{"ssl.ca.location", options.ca_file}}));
  }
  return conf;
}

Result<Handle> make_handle(rd_kafka_type_t type, Conf conf) {
  std::array<char, 512> why{};
  rd_kafka_t* made = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (made == nullptr) return fail(Code::kInvalidArgument, std::string("Kafka: ") + why.data());
  static_cast<void>(conf.release());  // it is the handle's
  return Handle(made);
}

int as_int(std::int64_t timeout_ms) { return static_cast<int>(std::clamp<std::int64_t>(timeout_ms, 1, 1 << 30)); }

struct OptionsEnd {
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
struct EventEnd {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, OptionsEnd>;
using Event = std::unique_ptr<rd_kafka_event_t, EventEnd>;

AdminOptions admin_options(rd_kafka_t* handle, rd_kafka_admin_op_t call, std::int64_t timeout_ms) {
  std::array<char, 256> why{};
  AdminOptions options(rd_kafka_AdminOptions_new(handle, call));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), as_int(timeout_ms), why.data(), why.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), as_int(timeout_ms), why.data(), why.size());
  return options;
}

/// Waits for the one event; the library ends every request in its time, so that one always comes.
Result<Event> answer_in(rd_kafka_queue_t* queue, std::int64_t timeout_ms, std::string_view what) {
  Event event(rd_kafka_queue_poll(queue, as_int(timeout_ms)));
  if (!event) return unavailable(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unavailable(what, error);
  return event;
}

bool is_missing(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

}  // namespace

void HandleEnd::operator()(rd_kafka_s* handle) const {
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void HandleEnd::operator()(rd_kafka_topic_s* topic) const { rd_kafka_topic_destroy(topic); }
void HandleEnd::operator()(rd_kafka_queue_s* queue) const { rd_kafka_queue_destroy(queue); }
void HandleEnd::operator()(rd_kafka_message_s* message) const { rd_kafka_message_destroy(message); }

void look_up(rd_kafka_s* handle, rd_kafka_topic_s* topic, std::int64_t timeout_ms) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(handle, 0, topic, &metadata, as_int(timeout_ms)) == RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_metadata_destroy(metadata);
}

std::unexpected<Error> unavailable(std::string_view what, int error) {
  const char* why = rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error));
  return fail(Code::kUnavailable, "Kafka " + std::string(what) + ": " + why);
}

Result<Handle> make_producer(const KafkaOptions& options, Notices& notices) {
  TRY(Conf conf, make_conf(options, notices));
  TRY_VOID(set(conf.get(), {{"enable.idempotence", "true"},
                            {"acks", "all"},
                            {"linger.ms", "0"},
                            {"message.timeout.ms", std::to_string(options.message_timeout_ms)},
                            {"request.timeout.ms", std::to_string(options.message_timeout_ms)},
                            {"queue.buffering.max.messages", "100000"},
                            {"queue.buffering.max.kbytes", std::to_string((options.max_queued_bytes >> 10U) + 65'536)},
                            {"message.max.bytes", "1000000"},
                            {"partitioner", "murmur2_random"},  // as Java's, for who adds to a topic beside us
                            {"compression.codec", "none"}}));
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  return make_handle(RD_KAFKA_PRODUCER, std::move(conf));
}

Result<Handle> make_consumer(const KafkaOptions& options, Notices& notices, std::int64_t wait_ms) {
  TRY(Conf conf, make_conf(options, notices));
  TRY_VOID(set(conf.get(), {{"enable.partition.eof", "true"},
                            {"auto.offset.reset", "error"},
                            {"check.crcs", "true"},
                            {"fetch.wait.max.ms", std::to_string(wait_ms)},
                            {"fetch.error.backoff.ms", "50"},
                            {"fetch.message.max.bytes", "1048576"},
                            {"fetch.max.bytes", "8388608"},
                            {"queued.min.messages", "1000"},
                            {"queued.max.messages.kbytes", "4096"}}));
  return make_handle(RD_KAFKA_CONSUMER, std::move(conf));
}

Result<std::unique_ptr<Cluster>> Cluster::open(const KafkaOptions& options, Notices& notices) {
  // A consumer, since asking a producer's for a topic may make it.
  TRY(Handle handle, make_consumer(options, notices, 100));
  return std::unique_ptr<Cluster>(new Cluster(std::move(handle), options.replicas));
}

Result<bool> Cluster::has(const std::string& topic, std::int64_t timeout_ms) {
  const Topic named(rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
  if (!named) return unavailable("has no memory for a topic", rd_kafka_last_error());
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(handle_.get(), 0, named.get(), &metadata, as_int(timeout_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("did not describe a topic", error);
  const bool described = metadata->topic_cnt == 1;
  const auto about = described ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__FAIL;
  const bool has_partition = described && metadata->topics[0].partition_cnt > 0;
  rd_kafka_metadata_destroy(metadata);
  if (is_missing(about)) return false;
  if (about != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("did not describe a topic", about);
  return has_partition;
}

Result<std::optional<Cluster::Ends>> Cluster::ends(const std::string& topic, std::int64_t timeout_ms) {
  TRY(const bool there, has(topic, timeout_ms));
  if (!there) return std::optional<Ends>();
  Ends ends;
  const auto error =
      rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), 0, &ends.low, &ends.high, as_int(timeout_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("did not tell where the log ends", error);
  return std::optional(ends);
}

Result<> Cluster::make_topic(const std::string& topic, const std::vector<std::pair<std::string, std::string>>& config,
                             std::int64_t timeout_ms, std::int64_t partitions) {
  std::array<char, 256> why{};
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.c_str(), static_cast<int>(partitions),
                            replicas_ == 0 ? -1 : static_cast<int>(replicas_), why.data(), why.size());
  if (wanted == nullptr) return fail(Code::kInvalidArgument, std::string("Kafka: ") + why.data());
  for (const auto& [name, value] : config) rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  if (replicas_ > 0)
    rd_kafka_NewTopic_set_config(wanted, "min.insync.replicas", std::to_string(replicas_ / 2 + 1).c_str());
  const Queue queue(rd_kafka_queue_new(handle_.get()));
  const AdminOptions options = admin_options(handle_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
  rd_kafka_CreateTopics(handle_.get(), &wanted, 1, options.get(), queue.get());
  rd_kafka_NewTopic_destroy(wanted);
  TRY(const Event event, answer_in(queue.get(), timeout_ms, "did not make a topic"));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto** topics = rd_kafka_CreateTopics_result_topics(result, &count);
  if (count != 1) return unavailable("did not make a topic", RD_KAFKA_RESP_ERR__FAIL);
  const auto error = rd_kafka_topic_result_error(topics[0]);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return {};
  return unavailable("did not make a topic", error);
}

Result<> Cluster::remove_before(const std::string& topic, std::int64_t offset, std::int64_t timeout_ms) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = offset;
  rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(list);
  rd_kafka_topic_partition_list_destroy(list);
  const Queue queue(rd_kafka_queue_new(handle_.get()));
  const AdminOptions options = admin_options(handle_.get(), RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout_ms);
  rd_kafka_DeleteRecords(handle_.get(), &wanted, 1, options.get(), queue.get());
  rd_kafka_DeleteRecords_destroy(wanted);
  TRY(const Event event, answer_in(queue.get(), timeout_ms, "did not remove records"));
  const auto* result = rd_kafka_event_DeleteRecords_result(event.get());
  const auto* offsets = rd_kafka_DeleteRecords_result_offsets(result);
  if (offsets->cnt != 1) return unavailable("did not remove records", RD_KAFKA_RESP_ERR__FAIL);
  if (const auto error = offsets->elems[0].err; error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unavailable("did not remove records", error);
  return {};
}

}  // namespace concord::kafka
