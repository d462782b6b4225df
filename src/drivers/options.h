#pragma once
// The settings that name engines, as the drivers' options have them.

#include <optional>
#include <string>
#include <string_view>

#include "base/config.h"
#include "etcd/etcd_options.h"
#include "kafka/options.h"
#include "postgres/options.h"
#include "s3/options.h"

namespace concord::drivers {

bool is_postgres(std::string_view url);
bool is_kafka(std::string_view url);

/// Where the log is: a URL of PostgreSQL, one for which `is_kafka` holds (kafka_options has the rest), or empty where
/// it is embedded. kUnsupported names LOG_URL.
Result<std::string> log_url(const Config& config);

postgres::PoolOptions postgres_options(const Config& config, std::string url);
/// kInvalidArgument where LOG_URL is of Kafka and cannot be read.
Result<kafka::KafkaOptions> kafka_options(const Config& config);
/// Where events are published; absent where they are not. kInvalidArgument names the setting.
Result<std::optional<kafka::KafkaOptions>> event_options(const Config& config);
etcd::EtcdOptions etcd_options(const Config& config);
s3::S3Options s3_options(const Config& config);

}  // namespace concord::drivers
