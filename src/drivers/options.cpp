#include "drivers/options.h"

namespace concord::drivers {

namespace {
constexpr std::int64_t kEventCallMs = 3'000;  // nobody waits for it but the end of the hub
}

bool is_postgres(std::string_view url) { return url.starts_with("postgres://") || url.starts_with("postgresql://"); }

bool is_kafka(std::string_view url) { return url.starts_with("kafka://"); }

Result<std::string> log_url(const Config& config) {
  const std::string& url = config.string("LOG_URL");
  if (url.empty() && !config.string("KAFKA_BROKERS").empty()) return "kafka://";
  if (url.empty()) return is_postgres(config.string("DATABASE_URL")) ? config.string("DATABASE_URL") : "";
  if (is_postgres(url) || is_kafka(url)) return url;
  return fail(Error{
      Code::kUnsupported,
      "LOG_URL: this program has drivers for postgres: and kafka:, and none for " + url.substr(0, url.find(':')) + ":",
      {{"field", "LOG_URL"}}});
}

postgres::PoolOptions postgres_options(const Config& config, std::string url) {
  postgres::PoolOptions pool;
  pool.url = std::move(url);
  pool.connections = static_cast<std::size_t>(config.integer("POSTGRES_CONNECTIONS"));
  return pool;
}

Result<kafka::KafkaOptions> kafka_options(const Config& config) {
  kafka::KafkaOptions options;
  options.brokers = config.string("KAFKA_BROKERS");
  options.topic_prefix = config.string("KAFKA_TOPIC_PREFIX");
  options.replicas = config.integer("KAFKA_REPLICAS");
  options.tls = config.boolean("KAFKA_TLS");
  options.ca_file = config.string("KAFKA_CA_FILE");
  options.user = config.string("KAFKA_USER");
  options.password = config.string("KAFKA_PASSWORD");
  options.mechanism = config.string("KAFKA_SASL_MECHANISM");
  if (is_kafka(config.string("LOG_URL"))) TRY_VOID(kafka::read_url(config.string("LOG_URL"), options));
  return options;
}

Result<std::optional<kafka::KafkaOptions>> event_options(const Config& config) {
  if (!config.boolean("EVENTS")) return std::nullopt;
  TRY(kafka::KafkaOptions options, kafka_options(config));
  const std::string& brokers = config.string("EVENTS_BROKERS");
  if (!brokers.empty()) options.brokers = brokers;
  if (options.brokers.empty()) return std::nullopt;
  options.call_timeout_ms = kEventCallMs;
  const std::string& prefix = config.string("EVENTS_TOPIC_PREFIX");
  if (!kafka::is_topic_name(prefix + "x"))
    return fail(Error{Code::kInvalidArgument,
                      "EVENTS_TOPIC_PREFIX: is at most 64 letters, digits, '.', '_' and '-'",
                      {{"field", "EVENTS_TOPIC_PREFIX"}, {"value", prefix}}});
  if (auto checked = kafka::check(options); !checked) {
    if (brokers.empty() || checked.error().message.find("KAFKA_BROKERS") == std::string::npos)
      return fail(std::move(checked).error());
    return fail(Error{Code::kInvalidArgument,
                      "EVENTS_BROKERS: a broker is host:port; several have commas between them, at most 32",
                      {{"field", "EVENTS_BROKERS"}}});
  }
  return options;
}

etcd::EtcdOptions etcd_options(const Config& config) {
  etcd::EtcdOptions options;
  options.endpoints = config.string("ETCD_ENDPOINTS");
  options.prefix = config.string("ETCD_PREFIX");
  options.user = config.string("ETCD_USER");
  options.password = config.string("ETCD_PASSWORD");
  options.ca_file = config.string("ETCD_CA_FILE");
  options.cert_file = config.string("ETCD_CERT_FILE");
  options.key_file = config.string("ETCD_KEY_FILE");
  return options;
}

s3::S3Options s3_options(const Config& config) {
  s3::S3Options options;
  options.endpoint = config.string("S3_ENDPOINT");
  options.region = config.string("S3_REGION");
  options.bucket = config.string("S3_BUCKET");
  options.key_prefix = config.string("S3_PREFIX");
  options.credentials = {.access_key = config.string("S3_ACCESS_KEY"),
                         .secret_key = config.string("S3_SECRET_KEY"),
                         .session_token = config.string("S3_SESSION_TOKEN")};
  options.virtual_host = config.boolean("S3_VIRTUAL_HOST");
  options.plain_http = config.boolean("S3_PLAIN_HTTP");
  options.ca_file = config.string("S3_CA_FILE");
  return options;
}

}  // namespace concord::drivers
