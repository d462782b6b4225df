#include "kafka/options.h"

#include <gtest/gtest.h>

#include "engines/contract_testing.h"

namespace concord::kafka {
namespace {

TEST(KafkaOptions, a_url_names_brokers_and_the_prefix) {
  KafkaOptions options;
  ASSERT_TRUE(read_url("kafka://one:9092,two:9093/team", options));
  EXPECT_EQ(options.brokers, "one:9092,two:9093");
  EXPECT_EQ(options.topic_prefix, "team");
  for (const char* url : {"kafka://one:9092", "kafka://one:9092/"}) {
    KafkaOptions plain;
    ASSERT_TRUE(read_url(url, plain)) << url;
    EXPECT_EQ(plain.brokers, "one:9092");
    EXPECT_EQ(plain.topic_prefix, "concord");
  }
}

TEST(KafkaOptions, what_is_no_url_is_refused_and_not_shown) {
  for (const char* url : {"kafka://", "kafka://one", "kafka://u:secret@one:9092", "kafka://one:9092,", "kafka://:1",
                          "kafka://one:0", "kafka://one:99999", "http://one:9092"}) {
    KafkaOptions options;
    const auto read = read_url(url, options);
    ASSERT_EQ(engines::testing::code_of(read), Code::kInvalidArgument) << url;
    EXPECT_EQ(read.error().message.find("secret"), std::string::npos);
    EXPECT_EQ(read.error().context.at(1).second, "");
  }
}

TEST(KafkaOptions, each_is_held_against_its_bounds_and_named) {
  const auto refused = [](auto change) {
    KafkaOptions options{.brokers = "one:9092"};
    EXPECT_TRUE(check(options));
    change(options);
    const auto checked = check(options);
    return checked ? std::string("accepted") : checked.error().context.at(0).second;
  };
  EXPECT_EQ(refused([](KafkaOptions& o) { o.brokers = ""; }), "KAFKA_BROKERS");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.topic_prefix = "a b"; }), "KAFKA_TOPIC_PREFIX");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.topic_prefix = std::string(65, 'a'); }), "KAFKA_TOPIC_PREFIX");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.replicas = -1; }), "KAFKA_REPLICAS");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.user = "u"; }), "KAFKA_USER");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.mechanism = "NONE"; }), "KAFKA_SASL_MECHANISM");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.ca_file = "/ca.pem"; }), "KAFKA_CA_FILE");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.backoff_least_ms = 2000; }), "KAFKA_BACKOFF_LEAST_MS");
  EXPECT_EQ(refused([](KafkaOptions& o) { o.batch_bytes = 1U << 30U; }), "KAFKA_BATCH_BYTES");
}

}  // namespace
}  // namespace concord::kafka
