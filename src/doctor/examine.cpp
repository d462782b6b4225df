#include "doctor/examine.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "doctor/etcd_check.h"
#include "doctor/kafka_check.h"
#include "doctor/machine_check.h"
#include "doctor/postgres_check.h"
#include "doctor/redis_check.h"
#include "doctor/s3_check.h"
#include "drivers/options.h"
#include "events/event.h"

namespace concord::doctor {
namespace {

using Found = std::vector<Finding>;

/// What cannot even be asked, as its setting cannot be read.
Found unreadable(const std::string& area, const std::string& setting, const Error& error) {
  Findings out(area);
  std::string field = setting;
  for (const auto& [name, value] : error.context) {
    if (name == "field" && value != setting) field = fmt::format("{} ({})", setting, value);
  }
  out.error(field, error.message, "correct it (docs/operations/engines.md)");
  return std::move(out).take();
}

Found examine_postgres(const Config& config, const std::string& setting, const std::string& url, std::string use,
                       std::int64_t pools) {
  auto facts = probe_postgres(drivers::postgres_options(config, url));
  if (!facts) return unreadable("postgres", setting, facts.error());
  facts->use = std::move(use);
  facts->connections_per_node *= pools;
  facts->has_many_nodes = !config.string("ETCD_ENDPOINTS").empty();
  return judge_postgres(*facts);
}

Found examine_redis(const Config& config) {
  const auto options = redis::parse_redis_url(config.string("REDIS_URL"));
  if (!options) return unreadable("redis", "REDIS_URL", options.error());
  auto facts = probe_redis(*options);
  if (facts) facts->caches_documents = config.integer("DOCUMENT_CACHE_SECONDS") > 0;
  return facts ? judge_redis(*facts) : unreadable("redis", "REDIS_URL", facts.error());
}

Found examine_etcd(const Config& config) {
  const auto facts = probe_etcd(drivers::etcd_options(config), config.integer("SHARD_LEASE_MS"));
  return facts ? judge_etcd(*facts) : unreadable("etcd", "ETCD_ENDPOINTS", facts.error());
}

Found examine_s3(const Config& config) {
  const auto facts = probe_s3(drivers::s3_options(config));
  return facts ? judge_s3(*facts) : unreadable("s3", "S3_ENDPOINT", facts.error());
}

Found examine_kafka(const Config& config) {
  const auto options = drivers::kafka_options(config);
  if (!options) return unreadable("kafka", "LOG_URL", options.error());
  const auto facts = probe_kafka(*options);
  return facts ? judge_kafka(*facts) : unreadable("kafka", "KAFKA_BROKERS", facts.error());
}

Found examine_events(const Config& config) {
  const auto options = drivers::event_options(config);
  const std::string setting = config.string("EVENTS_BROKERS").empty() ? "KAFKA_BROKERS" : "EVENTS_BROKERS";
  if (!options) return unreadable("events", setting, options.error());
  if (!*options) return {};
  std::vector<std::string> topics;
  for (const auto topic : {events::Topic::kDocuments, events::Topic::kCollaboration, events::Topic::kUsers})
    topics.push_back(config.string("EVENTS_TOPIC_PREFIX") + std::string(to_string(topic)));
  const auto facts = probe_kafka(**options, topics);
  return facts ? judge_kafka(*facts, "events", setting) : unreadable("events", setting, facts.error());
}

/// One check on a thread of its own. It is given up by leaving it alone, so what it works on is its own.
struct Check {
  std::string area;
  std::future<Found> found;
};

Check begin(std::string area, const Config& config, std::function<Found(const Config&)> check) {
  std::promise<Found> promise;
  Check begun{std::move(area), promise.get_future()};
  std::thread([config, check = std::move(check), promise = std::move(promise)]() mutable {
    promise.set_value(check(config));
  }).detach();
  return begun;
}

std::vector<Check> begin_all(const Config& config) {
  std::vector<Check> checks;
  checks.push_back(begin("machine", config, [](const Config& own) { return judge_machine(probe_machine(own)); }));
  const std::string& tables = config.string("DATABASE_URL");
  const std::string log = drivers::log_url(config).value_or("");
  const bool has_tables = drivers::is_postgres(tables);
  const bool is_shared = has_tables && log == tables;
  if (has_tables)
    checks.push_back(begin("postgres", config, [is_shared](const Config& own) {
      return examine_postgres(own, "DATABASE_URL", own.string("DATABASE_URL"), is_shared ? "tables and log" : "tables",
                              is_shared ? 2 : 1);
    }));
  if (drivers::is_kafka(log)) checks.push_back(begin("kafka", config, examine_kafka));
  if (config.boolean("EVENTS") && (drivers::is_kafka(log) || !config.string("EVENTS_BROKERS").empty()))
    checks.push_back(begin("events", config, examine_events));
  if (drivers::is_postgres(log) && !is_shared)
    checks.push_back(begin("postgres", config, [](const Config& own) {
      return examine_postgres(own, "LOG_URL", own.string("LOG_URL"), "log", 1);
    }));
  if (!config.string("REDIS_URL").empty()) checks.push_back(begin("redis", config, examine_redis));
  if (!config.string("ETCD_ENDPOINTS").empty()) checks.push_back(begin("etcd", config, examine_etcd));
  if (!config.string("S3_ENDPOINT").empty()) checks.push_back(begin("s3", config, examine_s3));
  return checks;
}

}  // namespace

Examination examine(const Config& config, std::int64_t most_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(most_ms);
  Examination examination;
  for (Check& check : begin_all(config)) {
    if (check.found.wait_until(until) == std::future_status::ready) {
      for (Finding& one : check.found.get()) examination.report.findings.push_back(std::move(one));
      continue;
    }
    examination.is_whole = false;
    Findings out(check.area);
    out.error("examination", "it did not end within " + std::to_string(most_ms) + " ms",
              "see whether the names in its setting resolve and its servers answer, and ask again");
    for (Finding& one : std::move(out).take()) examination.report.findings.push_back(std::move(one));
  }
  return examination;
}

}  // namespace concord::doctor
