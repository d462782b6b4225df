// KafkaLog keeps what the `log` port promises, on a real broker.

#include "engines/log_contract_testing.h"
#include "kafka/kafka_log.h"
#include "kafka/kafka_server_testing.h"

namespace concord::engines::log_contract {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LogContract);

namespace {

std::vector<Driver<Log>> kafka_log() {
  if (!kafka::testing::no_broker().empty()) return {};
  return {{.name = "Kafka", .open = [](DriverContext& context) -> Result<std::unique_ptr<Log>> {
             kafka::KafkaOptions options;
             options.brokers = kafka::testing::KafkaServer::shared().brokers();
             options.topic_prefix = std::filesystem::path(context.directory.path()).filename().string();
             options.call_timeout_ms = 60'000;  // also where the machine is busy
             options.message_timeout_ms = 30'000;
             return kafka::open_kafka_log(options, context.clock, context.ids, Logger(), context.metrics);
           }}};
}

INSTANTIATE_TEST_SUITE_P(Kafka, LogContract, ::testing::ValuesIn(kafka_log()), testing::driver_name<Log>);

TEST(KafkaLogContract, is_run_on_a_broker) { CONCORD_NEEDS_KAFKA(); }

}  // namespace
}  // namespace concord::engines::log_contract
