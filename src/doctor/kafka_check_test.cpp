#include "doctor/kafka_check.h"

#include "base/reactor_testing.h"
#include "doctor/findings_testing.h"
#include "kafka/kafka_server_testing.h"
#include "kafka/kafka_topics.h"

namespace concord::doctor {
namespace {

using testing::complaints;
using testing::level_of;
using Words = std::vector<std::string>;

KafkaFacts good() {
  return {.address = "k1:9092",
          .brokers = 3,
          .wanted_replicas = 3,
          .topics = {{"concord-1", true, 3, 3}, {"concord-2", true, 3, 3}}};
}

std::vector<Finding> with(const std::function<void(KafkaFacts&)>& change) {
  KafkaFacts facts = good();
  change(facts);
  return judge_kafka(facts);
}

TEST(KafkaJudge, three_replicas_are_well) { EXPECT_EQ(complaints(judge_kafka(good())), Words()); }

TEST(KafkaJudge, replicas_are_held_against_brokers_and_each_other) {
  EXPECT_EQ(level_of(with([](auto& f) { f.wanted_replicas = 0; }), "KAFKA_REPLICAS"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.wanted_replicas = 2; }), "KAFKA_REPLICAS"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.wanted_replicas = 4; }), "KAFKA_REPLICAS"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.topics[1] = {"concord-2", true, 1, 1}; }), "topics"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.topics[1] = {"concord-2", true, 2, 2}; }), "topics"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.topics[0].in_sync = 2; }), "replicas in sync"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.topics[0].has_leader = false; }), "replicas in sync"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.unreachable = "x"; }), "k1:9092"), Level::kError);
}

TEST(KafkaJudge, brokers_of_events_are_named_by_their_own_setting) {
  KafkaFacts facts = good();
  facts.unreachable = "x";
  const auto findings = judge_kafka(facts, "events", "EVENTS_BROKERS");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].area, "events");
  EXPECT_TRUE(findings[0].change.contains("EVENTS_BROKERS")) << findings[0].change;
}

TEST(KafkaProbe, who_is_away_is_told_in_time) {
  const auto facts = probe_kafka({.brokers = "127.0.0.1:1"});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_NE(facts->unreachable, "");
}

TEST(KafkaProbe, a_broker_is_seen) {
  CONCORD_NEEDS_KAFKA();
  kafka::testing::KafkaServer server;
  const auto facts = probe_kafka({.brokers = server.brokers()});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->unreachable, "");
  EXPECT_EQ(facts->brokers, 1);
  EXPECT_EQ(complaints(judge_kafka(*facts)), Words{"KAFKA_REPLICAS"});

  Metrics metrics;
  concord::testing::RunningReactors reactors;
  const auto topics = kafka::open_kafka_topics({.brokers = server.brokers()}, 2, Logger(), metrics).value();
  ASSERT_TRUE(concord::testing::run_on(reactors.at(), topics->prepare({"team.document-events", "other"})));
  const auto events = probe_kafka({.brokers = server.brokers()}, {"team.document-events"});
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->topics.size(), 1U);
  EXPECT_EQ(events->topics[0].name, "team.document-events");
  EXPECT_TRUE(events->topics[0].has_leader);
}

}  // namespace
}  // namespace concord::doctor
