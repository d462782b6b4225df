#pragma once
// What the driver is opened with: the settings KAFKA_*, with their units and bounds.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::kafka {

struct KafkaOptions {
  /// KAFKA_BROKERS: `host:port`, with commas between them.
  std::string brokers;
  /// KAFKA_TOPIC_PREFIX: every topic is named PREFIX-…, so that hubs can share a cluster.
  std::string topic_prefix = "concord";
  /// KAFKA_REPLICAS: of a topic that is made; 0: as many as the cluster makes by itself. A majority of them must have
  /// a record before it is acknowledged (min.insync.replicas).
  std::int64_t replicas = 0;
  /// KAFKA_TLS, KAFKA_CA_FILE (PEM; empty: the system's authorities).
  bool tls = false;
  std::string ca_file;
  /// KAFKA_USER, KAFKA_PASSWORD, KAFKA_SASL_MECHANISM; no user: the cluster asks for none.
  std::string user;
  std::string password;
  std::string mechanism = "SCRAM-SHA-512";

  std::int64_t call_timeout_ms = 10'000;   // a call with all that it tries, an append too
  std::int64_t message_timeout_ms = 4000;  // one message; what is behind it is then tried anew
  std::int64_t backoff_least_ms = 50;      // between tries
  std::int64_t backoff_most_ms = 1000;
  std::int64_t breaker_failures = 5;    // calls that fail in a row until the next are refused at once
  std::int64_t breaker_least_ms = 250;  // how long they are
  std::int64_t breaker_most_ms = 2000;
  std::size_t pipelined = 4;                // batches of a shard that are on their way
  std::size_t batch_bytes = 512U << 10U;    // of several appends together; a larger append goes alone, in parts
  std::size_t max_queued_appends = 65'536;  // past it kUnavailable
  std::size_t max_queued_bytes = std::size_t{256} << 20U;
  std::size_t max_shards = 4096;  // that are followed
  std::size_t readers = 4;        // reads beside each other; as many connections to each broker
};

constexpr std::size_t kMaxBrokers = 32;

/// `kafka://host:port[,host:port…][/topic-prefix]`, as LOG_URL has it, into the first two. kInvalidArgument.
Result<> read_url(std::string_view url, KafkaOptions& options);
/// Whether a topic may be called that.
bool is_topic_name(std::string_view name);
/// Holds them against each other and their bounds; kInvalidArgument names the setting.
Result<> check(const KafkaOptions& options);

}  // namespace concord::kafka
