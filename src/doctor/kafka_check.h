#pragma once
// Kafka, for the log and for events: who is there, and how many have each of the hub's topics.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/finding.h"
#include "kafka/options.h"

namespace concord::doctor {

struct KafkaTopic {
  std::string name;
  bool has_leader = false;
  std::int64_t replicas = 0;
  std::int64_t in_sync = 0;
};

struct KafkaFacts {
  std::string address;      // as it is configured
  std::string unreachable;  // why; then nothing below is known
  std::int64_t brokers = 0;
  std::int64_t wanted_replicas = 0;  // KAFKA_REPLICAS
  std::vector<KafkaTopic> topics;    // the hub's
};

/// Blocks; the cluster is given up after some seconds. kInvalidArgument names the setting.
/// Looks at the topics that are named, else at those with the log's prefix.
Result<KafkaFacts> probe_kafka(const kafka::KafkaOptions& options, const std::vector<std::string>& topics = {});

std::vector<Finding> judge_kafka(const KafkaFacts& facts, std::string_view area = "kafka",
                                 std::string_view brokers_setting = "KAFKA_BROKERS");

}  // namespace concord::doctor
