#include "drivers/open.h"

#include <array>

#include "drivers/options.h"
#include "etcd/etcd_coordination.h"
#include "etcd/revoke.h"
#include "kafka/kafka_log.h"
#include "kafka/kafka_topics.h"
#include "postgres/open.h"
#include "redis/redis_bus.h"
#include "redis/redis_cache.h"
#include "s3/blobs.h"

namespace concord::drivers {
namespace {

using enum SettingType;

const std::array kSettings = {
    Setting{.name = "LOG_URL",
            .type = kString,
            .fallback = "",
            .meaning =
                "Where the log is: postgres://… for tables there, kafka://HOST:PORT[,HOST:PORT…][/TOPIC_PREFIX] "
                "for topics there; empty: in Kafka where KAFKA_BROKERS is set, else where the tables are if that "
                "is PostgreSQL, else segment files in the data directory.",
            .secret = true},
    Setting{.name = "POSTGRES_CONNECTIONS",
            .type = kInteger,
            .fallback = "8",
            .least = 5,
            .most = 1000,
            .meaning = "Connections to PostgreSQL that the tables may use, and as many again for the log."},
    Setting{.name = "KAFKA_BROKERS",
            .type = kString,
            .fallback = "",
            .meaning = "Brokers of Kafka that hold the log, HOST:PORT with commas between them."},
    Setting{.name = "KAFKA_TOPIC_PREFIX",
            .type = kString,
            .fallback = "concord",
            .meaning = "What every topic in Kafka begins with, so that hubs can share it."},
    Setting{.name = "KAFKA_REPLICAS",
            .type = kInteger,
            .fallback = "0",
            .least = 0,
            .most = 100,
            .meaning =
                "Replicas of a topic that the hub makes; a majority of them must have what is acknowledged. 0: as "
                "the cluster makes topics by itself."},
    Setting{.name = "KAFKA_TLS", .type = kBoolean, .fallback = "false", .meaning = "Whether TLS is spoken to Kafka."},
    Setting{.name = "KAFKA_CA_FILE",
            .type = kString,
            .fallback = "",
            .meaning = "Authorities that vouch for Kafka's brokers, PEM; empty: the system's."},
    Setting{.name = "KAFKA_USER", .type = kString, .fallback = "", .meaning = "Who signs in to Kafka; empty: nobody."},
    Setting{.name = "KAFKA_PASSWORD",
            .type = kString,
            .fallback = "",
            .meaning = "The password for Kafka.",
            .secret = true},
    Setting{.name = "KAFKA_SASL_MECHANISM",
            .type = kString,
            .fallback = "SCRAM-SHA-512",
            .meaning = "How: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."},
    Setting{.name = "EVENTS",
            .type = kBoolean,
            .fallback = "true",
            .meaning = "Whether events are published where brokers of Kafka are named; the same on every node."},
    Setting{.name = "EVENTS_BROKERS",
            .type = kString,
            .fallback = "",
            .meaning =
                "Brokers of Kafka to which events are published, HOST:PORT with commas between them; empty: those "
                "of the log, where it is in Kafka, else events are not published. KAFKA_TLS and what signs in "
                "count for these too."},
    Setting{.name = "EVENTS_TOPIC_PREFIX",
            .type = kString,
            .fallback = "",
            .most = 64,
            .meaning = "What the topics of events (document-events, collaboration-events, user-events) begin with."},
    Setting{.name = "EVENTS_PARTITIONS",
            .type = kInteger,
            .fallback = "6",
            .least = 1,
            .most = 1000,
            .meaning = "Partitions of a topic of events that the hub makes."},
    Setting{.name = "REDIS_URL",
            .type = kString,
            .fallback = "",
            .meaning = "Where the bus is: redis:// (or rediss:// with TLS) "
                       "[USER[:PASSWORD]@]HOST[:PORT][,HOST…][/DATABASE][?cluster=true]; empty: in "
                       "this process.",
            .secret = true},
    Setting{.name = "DOCUMENT_CACHE_SECONDS",
            .type = kInteger,
            .fallback = "86400",
            .least = 0,
            .most = 2'592'000,
            .meaning = "How long Redis keeps a document's newest snapshot after its last use, so that the document is "
                       "opened without asking S3; 0: it keeps none. It goes with REDIS_URL."},
    Setting{.name = "DOCUMENT_CACHE_VALUE_BYTES",
            .type = kInteger,
            .fallback = "1048576",
            .least = 1024,
            .most = 32LL << 20,
            .meaning = "The largest snapshot, as it is stored, that Redis keeps."},
    Setting{.name = "DOCUMENT_CACHE_WAIT_MS",
            .type = kInteger,
            .fallback = "250",
            .least = 5,
            .most = 10'000,
            .meaning = "How long Redis may take to answer with a snapshot before S3 is asked."},
    Setting{.name = "ETCD_ENDPOINTS",
            .type = kString,
            .fallback = "",
            .meaning = "Where nodes agree on ownership: http://HOST:PORT or https://HOST:PORT, with commas between "
                       "them; empty: this process is alone."},
    Setting{.name = "ETCD_PREFIX",
            .type = kString,
            .fallback = "/concord/",
            .meaning = "What every key in etcd begins with, so that hubs can share it."},
    Setting{.name = "ETCD_USER", .type = kString, .fallback = "", .meaning = "Who signs in to etcd; empty: nobody."},
    Setting{
        .name = "ETCD_PASSWORD", .type = kString, .fallback = "", .meaning = "The password for etcd.", .secret = true},
    Setting{.name = "ETCD_CA_FILE",
            .type = kString,
            .fallback = "",
            .meaning = "Authorities that vouch for etcd, PEM; empty: the system's."},
    Setting{.name = "ETCD_CERT_FILE",
            .type = kString,
            .fallback = "",
            .meaning = "This hub's certificate for etcd, PEM; goes with ETCD_KEY_FILE."},
    Setting{.name = "ETCD_KEY_FILE", .type = kString, .fallback = "", .meaning = "The key of that certificate, PEM."},
    Setting{.name = "S3_ENDPOINT",
            .type = kString,
            .fallback = "",
            .meaning = "Where blobs are: https://HOST[:PORT]; empty: a directory in the data directory."},
    Setting{.name = "S3_BUCKET", .type = kString, .fallback = "", .meaning = "The bucket, which has to be there."},
    Setting{.name = "S3_REGION", .type = kString, .fallback = "us-east-1", .meaning = "The region of the bucket."},
    Setting{.name = "S3_PREFIX",
            .type = kString,
            .fallback = "",
            .meaning = "What every key in the bucket begins with, so that hubs can share it."},
    Setting{.name = "S3_ACCESS_KEY", .type = kString, .fallback = "", .meaning = "Whose requests to S3 are."},
    Setting{.name = "S3_SECRET_KEY",
            .type = kString,
            .fallback = "",
            .meaning = "What requests to S3 are signed with.",
            .secret = true},
    Setting{.name = "S3_SESSION_TOKEN",
            .type = kString,
            .fallback = "",
            .meaning = "Goes with temporary credentials.",
            .secret = true},
    Setting{.name = "S3_VIRTUAL_HOST",
            .type = kBoolean,
            .fallback = "false",
            .meaning = "Whether the bucket is named in the host (BUCKET.HOST) and not in the path."},
    Setting{
        .name = "S3_PLAIN_HTTP",
        .type = kBoolean,
        .fallback = "false",
        .meaning =
            "Whether S3 may be spoken to without TLS beyond loopback: contents then cross the network in the clear."},
    Setting{.name = "S3_CA_FILE",
            .type = kString,
            .fallback = "",
            .meaning = "Authorities that vouch for S3, PEM; empty: the system's."},
};

/// What every driver is given.
struct Surroundings {
  Clock& clock;
  IdSource& ids;
  const Logger& logger;
  Metrics& metrics;
};

/// An error that names the setting which it is about.
Error about(std::string_view setting, Error error) {
  error.message = std::string(setting) + ": " + error.message;
  return std::move(error).with("field", std::string(setting));
}

Result<std::unique_ptr<engines::Tables>> open_tables(const Config& config, const Surroundings& with) {
  auto opened = postgres::open_postgres_tables({.pool = postgres_options(config, config.string("DATABASE_URL"))},
                                               with.clock, with.ids, with.logger, with.metrics);
  if (!opened) return fail(about("DATABASE_URL", std::move(opened).error()));
  return opened;
}

Result<std::unique_ptr<engines::Log>> open_log(const Config& config, const std::string& url, const Surroundings& with) {
  if (is_kafka(url)) {
    TRY(kafka::KafkaOptions options, kafka_options(config));
    return kafka::open_kafka_log(std::move(options), with.clock, with.ids, with.logger, with.metrics);
  }
  auto pool = postgres_options(config, url);
  pool.use = "log";
  auto opened = postgres::open_postgres_log({.pool = std::move(pool)}, with.clock, with.ids, with.logger, with.metrics);
  if (!opened)
    return fail(about(config.string("LOG_URL").empty() ? "DATABASE_URL" : "LOG_URL", std::move(opened).error()));
  return opened;
}

Result<std::unique_ptr<engines::Bus>> open_bus(const Config& config, const Surroundings& with) {
  auto options = redis::parse_redis_url(config.string("REDIS_URL"));
  if (!options) return fail(about("REDIS_URL", std::move(options).error()));
  return redis::open_redis_bus(std::move(*options), with.clock, with.ids, with.logger, with.metrics);
}

Result<std::unique_ptr<engines::Cache>> open_cache(const Config& config, const Surroundings& with) {
  if (config.integer("DOCUMENT_CACHE_SECONDS") == 0) return nullptr;
  TRY(redis::RedisOptions options, redis::parse_redis_url(config.string("REDIS_URL")));
  return redis::open_redis_cache(
      std::move(options),
      {.keep_ms = 1000 * config.integer("DOCUMENT_CACHE_SECONDS"),
       .max_value_bytes = static_cast<std::size_t>(config.integer("DOCUMENT_CACHE_VALUE_BYTES")),
       .wait_ms = config.integer("DOCUMENT_CACHE_WAIT_MS")},
      with.clock, with.ids, with.logger, with.metrics);
}

Result<std::unique_ptr<engines::Coordination>> open_coordination(const Config& config, engines::LeaseWitness* witness,
                                                                 const Surroundings& with) {
  etcd::EtcdOptions options = etcd_options(config);
  options.witness = witness;
  return etcd::open_etcd_coordination(std::move(options), with.clock, with.ids, with.logger, with.metrics);
}

Result<std::unique_ptr<engines::Blobs>> open_blobs(const Config& config, const Surroundings& with) {
  auto opened = s3::open_s3_blobs(s3_options(config), with.clock, with.logger, with.metrics);
  if (!opened) return fail(about("S3_ENDPOINT", std::move(opened).error()));
  return opened;
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Result<engines::Engines> open_engines(const Config& config, engines::EnginesOptions embedded, Clock& clock,
                                      IdSource& ids, const Logger& logger, Metrics& metrics,
                                      engines::LeaseWitness* witness) {
  TRY(const std::string log, log_url(config));
  embedded.wanted = {.tables = !is_postgres(config.string("DATABASE_URL")),
                     .log = log.empty(),
                     .bus = config.string("REDIS_URL").empty(),
                     .coordination = config.string("ETCD_ENDPOINTS").empty(),
                     .blobs = config.string("S3_ENDPOINT").empty()};
  const engines::EnginesOptions::Wanted wanted = embedded.wanted;
  TRY(engines::Engines engines, engines::open_embedded(embedded, clock, logger, metrics));
  const Surroundings with{clock, ids, logger, metrics};
  if (!wanted.tables) {
    TRY(engines.tables, open_tables(config, with));
  }
  if (!wanted.log) {
    TRY(engines.log, open_log(config, log, with));
  }
  if (!wanted.bus) {
    TRY(engines.bus, open_bus(config, with));
    TRY(engines.cache, open_cache(config, with));
  }
  if (!wanted.coordination) {
    TRY(engines.coordination, open_coordination(config, witness, with));
  }
  if (!wanted.blobs) {
    TRY(engines.blobs, open_blobs(config, with));
  }
  logger.info("engines", {{"tables", wanted.tables ? "sqlite" : "postgres"},
                          {"log", wanted.log      ? "segments"
                                  : is_kafka(log) ? "kafka"
                                                  : "postgres"},
                          {"bus", wanted.bus ? "local" : "redis"},
                          {"coordination", wanted.coordination ? "local" : "etcd"},
                          {"blobs", wanted.blobs ? "directory" : "s3"}});
  return engines;
}

Result<std::unique_ptr<engines::Topics>> open_topics(const Config& config, const Logger& logger, Metrics& metrics) {
  TRY(std::optional<kafka::KafkaOptions> options, event_options(config));
  if (!options) return nullptr;
  logger.info("events are published", {{"brokers", options->brokers}});
  return kafka::open_kafka_topics(std::move(*options), config.integer("EVENTS_PARTITIONS"), logger, metrics);
}

bool has_leases(const Config& config) { return !config.string("ETCD_ENDPOINTS").empty(); }

Result<> revoke_leases(const Config& config, std::vector<engines::LeaseId> leases, Clock& clock, IdSource& ids,
                       const Logger& logger, Metrics& metrics) {
  return etcd::revoke_leases(etcd_options(config), std::move(leases), clock, ids, logger, metrics);
}

}  // namespace concord::drivers
