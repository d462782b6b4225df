#pragma once
// Publishes messages for others in Kafka: idempotent, for all replicas in sync, with keys spread over partitions as
// Kafka's own clients for Java spread them (murmur2).

#include <cstdint>
#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "engines/topics.h"
#include "kafka/options.h"

namespace concord::kafka {

/// Kafka may be away. kInvalidArgument names the setting; `partitions` is of topics that are made. The metrics outlive
/// the topics, which are destroyed when no call is under way, and not on a reactor.
Result<std::unique_ptr<engines::Topics>> open_kafka_topics(KafkaOptions options, std::int64_t partitions,
                                                           const Logger& logger, Metrics& metrics);

}  // namespace concord::kafka
