// Messages for others, in a real broker that is killed and stands still.

#include "kafka/kafka_topics.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <map>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "kafka/handles.h"
#include "kafka/kafka_server_testing.h"

namespace concord::kafka {
namespace {

using engines::TopicMessage;
using testing::KafkaServer;

constexpr int kPartitions = 3;

class KafkaTopicsTest : public ::testing::Test {
 protected:
  void SetUp() override { CONCORD_NEEDS_KAFKA(); }

  std::unique_ptr<engines::Topics> open(const KafkaServer& server) {
    KafkaOptions options;
    options.brokers = server.brokers();
    return open_kafka_topics(options, kPartitions, Logger(), metrics_).value();
  }
  template <class T>
  T run(asio::awaitable<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  /// Until it succeeds.
  void prepare(engines::Topics& topics, const std::string& topic) {
    EXPECT_TRUE(concord::testing::eventually([&] { return run(topics.prepare({topic})).has_value(); }));
  }
  /// Sends one message of each key, until all are durable.
  void send(engines::Topics& topics, const std::string& topic, const std::string& value) {
    EXPECT_TRUE(concord::testing::eventually([&] {
      std::vector<TopicMessage> messages;
      for (int key = 0; key < kKeys; ++key) messages.push_back({topic, "key" + std::to_string(key), value});
      return run(topics.send(std::move(messages))).all.has_value();
    }));
  }

  /// What a consumer reads: by key the values, and in how many partitions there was something.
  struct Read {
    std::map<std::string, std::vector<std::string>> values;
    std::map<std::string, int> partition;
  };
  Read read(const KafkaServer& server, const std::string& topic) {
    KafkaOptions options;
    options.brokers = server.brokers();
    Notices notices{Logger(), metrics_};
    const Handle consumer = make_consumer(options, notices, 100).value();
    const Topic handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
    const Queue queue(rd_kafka_queue_new(consumer.get()));
    for (int i = 0; i < kPartitions; ++i)
      EXPECT_EQ(rd_kafka_consume_start_queue(handle.get(), i, RD_KAFKA_OFFSET_BEGINNING, queue.get()), 0);
    Read out;
    for (int ends = 0; ends < kPartitions;) {
      const Message message(rd_kafka_consume_queue(queue.get(), 60'000));
      if (!message) {
        ADD_FAILURE() << "the broker says nothing";
        break;
      }
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ends;
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      const std::string key(static_cast<const char*>(message->key), message->key_len);
      out.values[key].emplace_back(static_cast<const char*>(message->payload), message->len);
      EXPECT_EQ(out.partition.emplace(key, message->partition).first->second, message->partition);
    }
    for (int i = 0; i < kPartitions; ++i) rd_kafka_consume_stop(handle.get(), i);
    return out;
  }

  static constexpr int kKeys = 20;
  Metrics metrics_;
  concord::testing::RunningReactors reactors_;
};

TEST_F(KafkaTopicsTest, messages_are_spread_by_key_and_keep_their_order) {
  KafkaServer server;
  const auto topics = open(server);
  prepare(*topics, "some-events");
  prepare(*topics, "some-events");  // which is there
  for (const char* value : {"1", "2", "3"}) send(*topics, "some-events", value);
  const Read read = this->read(server, "some-events");
  EXPECT_EQ(read.values.size(), static_cast<std::size_t>(kKeys));
  std::map<int, int> used;
  for (const auto& [key, values] : read.values) EXPECT_EQ(values, (std::vector<std::string>{"1", "2", "3"})) << key;
  for (const auto& [key, partition] : read.partition) ++used[partition];
  EXPECT_EQ(used.size(), static_cast<std::size_t>(kPartitions));
}

TEST_F(KafkaTopicsTest, what_was_durable_survives_the_broker_and_sending_goes_on) {
  KafkaServer server;
  const auto topics = open(server);
  prepare(*topics, "some-events");
  send(*topics, "some-events", "before");
  server.kill();
  const auto sent = run(topics->send({{"some-events", "key0", "lost"}}));
  EXPECT_EQ(sent.durable, std::vector<bool>{false});
  ASSERT_FALSE(sent.all);
  EXPECT_EQ(sent.all.error().code, Code::kUnavailable);
  EXPECT_FALSE(run(topics->prepare({"others"})));
  server.start();
  send(*topics, "some-events", "after");
  server.pause();
  const auto paused = run(topics->send({{"some-events", "key0", "late"}}));
  EXPECT_FALSE(paused.all);
  server.resume();
  send(*topics, "some-events", "at last");
  for (const auto& [key, values] : read(server, "some-events").values) {
    EXPECT_EQ(values.front(), "before") << key;
    for (const char* sent_until_durable : {"after", "at last"})
      EXPECT_NE(std::ranges::find(values, sent_until_durable), values.end()) << key;
  }
}

TEST_F(KafkaTopicsTest, a_topic_that_is_not_there_is_no_success) {
  const auto topics = open(KafkaServer::shared());
  EXPECT_FALSE(run(topics->send({{"nobody-made-it", "key", "value"}})).all);
}

}  // namespace
}  // namespace concord::kafka
