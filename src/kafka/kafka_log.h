#pragma once
// The distributed driver of the `log` port: a topic of one partition for each shard, PREFIX-log-SHARD, in Kafka 2.4 or
// later. docs/decisions/kafka-positions-are-counted.md says how a topic becomes a log, epoch_filter.h which messages
// count.
//
// What `append` answers is durable on all replicas in sync, of which the topic's min.insync.replicas must be there, and
// was read back as counting. A shard's first call reads what is kept of its topic once, from its beginning on.

#include <memory>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/log.h"
#include "kafka/options.h"

namespace concord::kafka {

/// Kafka may be away. kInvalidArgument names the setting. What is passed by reference outlives the log. It is destroyed
/// before the reactors whose coroutines wait, and not on one; calls under way end with kUnavailable.
Result<std::unique_ptr<engines::Log>> open_kafka_log(KafkaOptions options, Clock& clock, IdSource& ids,
                                                     const Logger& logger, Metrics& metrics);

}  // namespace concord::kafka
