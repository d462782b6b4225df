#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <span>

#include "doctor/kafka_check.h"
#include "kafka/handles.h"

namespace concord::doctor {
namespace {

constexpr int kTimeoutMs = 6000;
constexpr std::int64_t kWaitMs = 100;

struct MetadataEnd {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};

KafkaTopic topic_of(const rd_kafka_metadata_topic_t& topic) {
  KafkaTopic found{.name = topic.topic};
  const std::span partitions(topic.partitions, static_cast<std::size_t>(std::max(topic.partition_cnt, 0)));
  if (partitions.empty()) return found;
  found.has_leader = partitions.front().leader >= 0;
  found.replicas = partitions.front().replica_cnt;
  found.in_sync = partitions.front().isr_cnt;
  return found;
}

}  // namespace

Result<KafkaFacts> probe_kafka(const kafka::KafkaOptions& options, const std::vector<std::string>& topics) {
  TRY_VOID(kafka::check(options));
  KafkaFacts facts{.address = options.brokers, .wanted_replicas = options.replicas};
  Metrics metrics;
  kafka::Notices notices(Logger(), metrics);
  TRY(const kafka::Handle handle, kafka::make_consumer(options, notices, kWaitMs));  // which makes no topic
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(handle.get(), 1, nullptr, &answer, kTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    facts.unreachable = rd_kafka_err2str(error);
    return facts;
  }
  const std::unique_ptr<const rd_kafka_metadata_t, MetadataEnd> metadata(answer);
  facts.brokers = metadata->broker_cnt;
  const std::string prefix = options.topic_prefix + "-";
  for (const auto& topic : std::span(metadata->topics, static_cast<std::size_t>(std::max(metadata->topic_cnt, 0)))) {
    const std::string_view name(topic.topic);
    const bool wanted = topics.empty() ? name.starts_with(prefix) : std::ranges::find(topics, name) != topics.end();
    if (wanted) facts.topics.push_back(topic_of(topic));
  }
  return facts;
}

}  // namespace concord::doctor
