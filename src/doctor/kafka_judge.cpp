#include <fmt/format.h>

#include <algorithm>

#include "doctor/kafka_check.h"

namespace concord::doctor {
namespace {

constexpr std::int64_t kSafeReplicas = 3;

void judge_replicas(const KafkaFacts& facts, Findings& out) {
  const std::string change =
      "set KAFKA_REPLICAS=3 before the first start, with three brokers at least; topics that are there get more by "
      "kafka-reassign-partitions.sh, and min.insync.replicas=2 by kafka-configs.sh";
  const std::string wanted = std::to_string(facts.wanted_replicas);
  if (facts.wanted_replicas > facts.brokers)
    out.error("KAFKA_REPLICAS", fmt::format("{}, and there are {} brokers", wanted, facts.brokers), change);
  else if (facts.wanted_replicas == 0)
    out.warn("KAFKA_REPLICAS", "0: as the cluster makes topics by itself, and its own default is one", change);
  else
    out.add(facts.wanted_replicas < kSafeReplicas ? Level::kWarn : Level::kOk, "KAFKA_REPLICAS", wanted, change);
  if (facts.topics.empty()) return out.ok("topics", "none yet; the hub makes them");

  const std::int64_t least = std::ranges::min(facts.topics, {}, &KafkaTopic::replicas).replicas;
  out.add(least < 2               ? Level::kError
          : least < kSafeReplicas ? Level::kWarn
                                  : Level::kOk,
          "topics", fmt::format("{}, of which each has {} replicas at least", facts.topics.size(), least), change);
}

void judge_topics(const KafkaFacts& facts, Findings& out) {
  const auto behind = std::ranges::count_if(facts.topics, [](const KafkaTopic& t) { return t.in_sync < t.replicas; });
  const auto lost = std::ranges::count(facts.topics, false, &KafkaTopic::has_leader);
  if (facts.topics.empty()) return;
  out.add(lost > 0     ? Level::kError
          : behind > 0 ? Level::kWarn
                       : Level::kOk,
          "replicas in sync", fmt::format("{} topics have replicas that are behind, {} have no leader", behind, lost),
          "bring the brokers back that are away (kafka-topics.sh --describe --under-replicated-partitions)");
}

}  // namespace

std::vector<Finding> judge_kafka(const KafkaFacts& facts, std::string_view area, std::string_view brokers_setting) {
  Findings out{std::string(area)};
  if (!facts.unreachable.empty()) {
    out.error(facts.address, "does not answer: " + facts.unreachable,
              fmt::format("start it, or correct {}, KAFKA_TLS, KAFKA_USER and KAFKA_PASSWORD", brokers_setting));
    return std::move(out).take();
  }
  out.ok(facts.address, fmt::format("{} brokers", facts.brokers));
  judge_replicas(facts, out);
  judge_topics(facts, out);
  return std::move(out).take();
}

}  // namespace concord::doctor
