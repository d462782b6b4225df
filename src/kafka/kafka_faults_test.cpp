// What KafkaLog does with other owners, and with a broker that is killed and stands still.

#include <algorithm>
#include <boost/asio/use_future.hpp>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "kafka/frame.h"
#include "kafka/kafka_log.h"
#include "kafka/kafka_server_testing.h"
#include "kafka/producer.h"

namespace concord::kafka {
namespace {

using concord::testing::eventually;
using engines::Epoch;
using engines::Log;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;
using engines::testing::code_of;
using testing::KafkaServer;

constexpr ShardId kShard{7};
constexpr Epoch kEpoch{3};
constexpr std::size_t kAll = 1U << 30U;

std::vector<LogRecord> one_record(const std::string& payload) {
  std::vector<LogRecord> records(1);
  records[0].payload = std::make_shared<const Bytes>(to_bytes(payload));
  return records;
}

class KafkaFaults : public ::testing::Test {
 protected:
  void SetUp() override { CONCORD_NEEDS_KAFKA(); }

  KafkaOptions options(const KafkaServer& server) const {
    KafkaOptions made;
    made.brokers = server.brokers();
    made.topic_prefix = std::filesystem::path(directory_.path()).filename().string();
    made.call_timeout_ms = 60'000;
    return made;
  }
  std::unique_ptr<Log> open(KafkaOptions made) {
    return open_kafka_log(std::move(made), clock_, ids_, Logger(), metrics_).value();
  }
  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  template <class T>
  std::future<Result<T>> start(Task<T> task) {
    return asio::co_spawn(reactors_.at(1).context(), std::move(task), asio::use_future);
  }
  Result<Position> append(Log& log, const std::string& payload, Epoch epoch = kEpoch) {
    return run(log.append(kShard, epoch, one_record(payload)));
  }
  std::vector<std::string> payloads(Log& log, Position from = Position{1}) {
    std::vector<std::string> texts;
    for (;;) {
      const auto entries = run(log.read(kShard, from, kAll));
      for (const LogEntry& entry : entries.value()) texts.emplace_back(as_text(*entry.record.payload));
      if (entries->empty()) return texts;
      from.value = entries->back().position.value + 1;
    }
  }
  std::uint64_t counted(const std::string& name, Metrics::Labels labels = {}) {
    return metrics_.counter(name, "", std::move(labels)).value();
  }

  engines::testing::TemporaryDirectory directory_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_{2};
};

TEST_F(KafkaFaults, an_owner_that_another_node_has_taken_over_from_is_fenced_and_never_read) {
  const auto old_owner = open(options(KafkaServer::shared()));
  const auto new_owner = open(options(KafkaServer::shared()));
  ASSERT_TRUE(run(old_owner->seal(kShard, kEpoch)));
  ASSERT_TRUE(append(*old_owner, "old"));
  ASSERT_TRUE(run(new_owner->seal(kShard, Epoch{4})));
  EXPECT_EQ(code_of(append(*old_owner, "late")), Code::kFenced);
  EXPECT_EQ(code_of(run(old_owner->seal(kShard, kEpoch))), Code::kFenced);
  EXPECT_EQ(append(*new_owner, "new", Epoch{4}).value(), Position{2});
  for (Log* log : {old_owner.get(), new_owner.get()})
    EXPECT_EQ(payloads(*log), (std::vector<std::string>{"old", "new"}));
  EXPECT_EQ(run(old_owner->bounds(kShard)).value().epoch, Epoch{4});
}

/// Sends what no owner of this program would send any more.
class KafkaMessages : public KafkaFaults {
 protected:
  void send(const KafkaOptions& made, const Frame& frame) { send(made, encode_frame(frame)); }
  void send(const KafkaOptions& made, Bytes message) {
    Notices notices(Logger(), metrics_);
    BlockingPool blocking(1);
    std::unique_ptr<Producer> producer;
    std::promise<Result<std::int64_t>> sent;
    concord::testing::call_on(reactors_.at(), [&] {
      producer = Producer::open(made, notices, reactors_.at(), blocking).value();
      producer->send(made.topic_prefix + "-log-7", message,
                     [&](const Result<std::int64_t>& offset) { sent.set_value(offset); });
      return 0;
    });
    const auto offset = sent.get_future().get();
    concord::testing::call_on(reactors_.at(), [&] {
      producer->close();
      return 0;
    });
    blocking.stop();
    producer.reset();
    ASSERT_TRUE(offset) << offset.error().message;
  }
  static Frame batch(Epoch epoch, WriterId writer, Position position, const Bytes& body) {
    return {.kind = Frame::Kind::kBatch,
            .shard = kShard,
            .epoch = epoch,
            .writer = writer,
            .position = position,
            .records = 1,
            .part = 0,
            .parts = 1,
            .body = body};
  }
};

TEST_F(KafkaMessages, what_an_old_owner_had_under_way_when_another_sealed_is_dropped_by_every_reader) {
  const KafkaOptions made = options(KafkaServer::shared());
  const auto log = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  ASSERT_TRUE(append(*log, "one"));
  ASSERT_TRUE(run(log->seal(kShard, Epoch{4})));
  Bytes body;
  encode_record(body, one_record("from an older epoch")[0]);
  send(made, batch(kEpoch, WriterId{1}, Position{2}, body));
  send(made, batch(Epoch{4}, WriterId{1}, Position{2}, body));  // of the right epoch, by none that sealed it
  EXPECT_EQ(append(*log, "two", Epoch{4}).value(), Position{2});
  EXPECT_EQ(payloads(*log), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(payloads(*open(made)), (std::vector<std::string>{"one", "two"}));
  EXPECT_GE(counted("concord_kafka_dropped_messages_total"), 2U);
}

TEST_F(KafkaMessages, a_batch_that_comes_twice_counts_once) {
  const KafkaOptions made = options(KafkaServer::shared());
  const auto log = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  const Frame seal{.kind = Frame::Kind::kSeal, .shard = kShard, .epoch = kEpoch, .writer = WriterId{77}};
  Bytes body;
  encode_record(body, one_record("doubled")[0]);
  send(made, seal);
  send(made, batch(kEpoch, WriterId{77}, Position{1}, body));
  send(made, batch(kEpoch, WriterId{77}, Position{1}, body));
  EXPECT_EQ(append(*log, "next").value(), Position{2}) << "it was pushed aside, and takes the shard again";
  EXPECT_EQ(payloads(*log), (std::vector<std::string>{"doubled", "next"}));
}

TEST_F(KafkaMessages, a_message_that_is_not_of_the_log_makes_it_corrupt_and_says_where) {
  const KafkaOptions made = options(KafkaServer::shared());
  const auto log = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  ASSERT_TRUE(append(*log, "good"));
  send(made, to_bytes("not ours"));
  ASSERT_TRUE(eventually([&] { return code_of(run(log->bounds(kShard))) == Code::kCorrupt; }));
  const auto refused = append(*log, "more");
  ASSERT_EQ(code_of(refused), Code::kCorrupt);
  EXPECT_EQ(refused.error().context.back().second, "2");
}

Task<> append_one(Log& log, ShardId shard, std::string payload) {
  CO_TRY_VOID(co_await log.append(shard, kEpoch, one_record(payload)));
  co_return Result<>();
}

TEST_F(KafkaFaults, appends_of_many_callers_share_batches) {
  const auto log = open(options(KafkaServer::shared()));
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  std::vector<std::future<Result<>>> running;
  running.reserve(400);
  for (int i = 0; i < 400; ++i) running.push_back(start(append_one(*log, kShard, "x")));
  for (auto& each : running) ASSERT_TRUE(each.get());
  const Histogram::Reading batches = metrics_.histogram("concord_log_batch_records", "", size_bounds()).read();
  EXPECT_EQ(batches.sum, 400);
  EXPECT_LT(batches.count, 200U);
  EXPECT_EQ(run(log->bounds(kShard)).value().next, Position{401});
}

TEST_F(KafkaFaults, what_is_truncated_leaves_the_topic_and_is_not_read_by_who_comes_later) {
  const KafkaOptions made = options(KafkaServer::shared());
  const auto log = open(made);
  const auto beside = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  for (int i = 1; i <= 9; ++i) ASSERT_TRUE(append(*log, std::to_string(i)));
  ASSERT_EQ(payloads(*beside).size(), 9U);
  Notices notices(Logger(), metrics_);
  const auto cluster = Cluster::open(made, notices).value();
  std::int64_t low = 0;
  for (const std::uint64_t keep : {4, 8, 10}) {
    ASSERT_TRUE(run(log->truncate(kShard, Position{keep})));
    ASSERT_TRUE(eventually([&] {
      const auto ends = cluster->ends(made.topic_prefix + "-log-7", 5000);
      return ends && *ends && (*ends)->low > low;
    }));
    low = cluster->ends(made.topic_prefix + "-log-7", 5000).value()->low;
    for (Log* reader : {open(made).release(), beside.get()}) {
      const auto bounds = run(reader->bounds(kShard)).value();
      EXPECT_EQ(bounds.first, Position{keep});
      EXPECT_EQ(bounds.next, Position{10});
      EXPECT_EQ(bounds.epoch, kEpoch);
      EXPECT_EQ(payloads(*reader, Position{keep}).size(), 10 - keep);
      if (reader != beside.get()) delete reader;
    }
  }
  EXPECT_EQ(append(*log, "10").value(), Position{10});
  EXPECT_EQ(payloads(*beside, Position{10}), std::vector<std::string>{"10"});
}

TEST_F(KafkaFaults, a_broker_that_is_killed_loses_nothing_that_was_acknowledged) {
  KafkaServer server;
  KafkaOptions made = options(server);
  const auto log = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      acknowledged.push_back(std::to_string(round) + ":" + std::to_string(i));
      ASSERT_TRUE(append(*log, acknowledged.back()));
    }
    server.kill();
    auto waiting = start(append_one(*log, kShard, "through " + std::to_string(round)));
    server.start();
    const auto went_through = waiting.get();
    ASSERT_TRUE(went_through) << went_through.error().message;
    acknowledged.push_back("through " + std::to_string(round));
  }
  EXPECT_EQ(payloads(*log), acknowledged);
  EXPECT_EQ(payloads(*open(made)), acknowledged);
}

TEST_F(KafkaFaults, whichever_of_three_brokers_dies_appends_go_on_and_none_is_lost) {
  KafkaServer cluster({.brokers = 3});
  KafkaOptions made = options(cluster);
  made.replicas = 3;
  made.call_timeout_ms = 120'000;
  const auto log = open(made);
  ASSERT_TRUE(run(log->seal(kShard, kEpoch)));
  std::vector<std::string> acknowledged;
  for (std::size_t broker = 0; broker < cluster.size(); ++broker) {
    cluster.kill(broker);
    for (int i = 0; i < 10; ++i) {
      acknowledged.push_back(std::to_string(broker) + ":" + std::to_string(i));
      const auto appended = append(*log, acknowledged.back());
      ASSERT_TRUE(appended) << appended.error().message;
    }
    cluster.start(broker);
  }
  EXPECT_EQ(payloads(*log), acknowledged);
  EXPECT_EQ(payloads(*open(made)), acknowledged);
}

TEST_F(KafkaFaults, a_broker_that_stands_still_hangs_no_call_and_what_was_sent_is_there_once_or_not) {
  KafkaServer server;
  KafkaOptions made = options(server);
  {
    const auto patient = open(made);
    ASSERT_TRUE(run(patient->seal(kShard, kEpoch)));
    ASSERT_TRUE(append(*patient, "before"));
  }
  made.call_timeout_ms = 2000;
  made.message_timeout_ms = 500;
  made.breaker_failures = 1'000'000;
  const auto log = open(made);
  ASSERT_TRUE(eventually([&] { return run(log->seal(kShard, kEpoch)).has_value(); }));
  server.pause();
  EXPECT_EQ(code_of(append(*log, "a")), Code::kUnavailable);
  EXPECT_EQ(code_of(run(log->bounds(kShard))), Code::kUnavailable);
  EXPECT_EQ(code_of(run(log->seal(kShard, kEpoch))), Code::kUnavailable);
  EXPECT_EQ(code_of(append(*log, "b")), Code::kUnavailable);
  server.resume();
  ASSERT_TRUE(eventually([&] { return append(*log, "after").has_value(); }));
  const std::vector<std::string> all = payloads(*log);
  EXPECT_EQ(all.front(), "before");
  EXPECT_EQ(all.back(), "after");
  EXPECT_LE(std::ranges::count(all, "a"), 1);
  EXPECT_LE(std::ranges::count(all, "b"), 1);
  EXPECT_EQ(payloads(*open(options(server))), all);
}

TEST_F(KafkaFaults, an_old_owner_that_was_cut_off_and_comes_back_is_never_read) {
  KafkaServer server;
  const auto new_owner = open(options(server));
  KafkaOptions made = options(server);
  made.call_timeout_ms = 120'000;
  const auto old_owner = open(made);
  ASSERT_TRUE(run(old_owner->seal(kShard, kEpoch)));
  ASSERT_TRUE(append(*old_owner, "old"));
  server.kill();
  auto late = start(append_one(*old_owner, kShard, "late"));
  auto sealing = start(new_owner->seal(kShard, Epoch{4}));
  server.start();
  ASSERT_TRUE(sealing.get());
  const Position next = run(new_owner->bounds(kShard)).value().next;
  const auto ended = late.get();
  EXPECT_EQ(ended.has_value(), next == Position{3}) << "it counts before the seal, or never";
  if (!ended) EXPECT_EQ(ended.error().code, Code::kFenced);
  EXPECT_EQ(code_of(append(*old_owner, "later")), Code::kFenced);
  EXPECT_EQ(run(new_owner->bounds(kShard)).value().next, next);
}

TEST_F(KafkaFaults, while_the_broker_is_away_calls_are_refused_at_once_and_then_go_on) {
  KafkaServer server;
  KafkaOptions made = options(server);
  made.breaker_failures = 2;
  made.breaker_least_ms = 200;
  const auto patient = open(made);
  ASSERT_TRUE(run(patient->seal(kShard, kEpoch)));
  made.call_timeout_ms = 500;
  const auto log = open(made);
  const auto refused = [&] {
    return counted("concord_kafka_calls_total", {{"call", "bounds"}, {"result", "refused"}});
  };
  server.kill();
  ASSERT_TRUE(eventually([&] { return code_of(run(log->bounds(kShard))) && refused() > 0; }));
  EXPECT_EQ(metrics_.gauge("concord_kafka_breaker_open", "").value(), 1);
  server.start();
  ASSERT_TRUE(eventually([&] { return run(log->bounds(kShard)).has_value(); }));
  EXPECT_EQ(metrics_.gauge("concord_kafka_breaker_open", "").value(), 0);
}

TEST_F(KafkaFaults, closing_ends_calls_that_wait) {
  KafkaOptions made;
  made.brokers = "127.0.0.1:" + std::to_string(engines::testing::free_port());
  made.call_timeout_ms = 600'000;
  auto log = open(made);
  auto sealing = start(log->seal(kShard, kEpoch));
  auto reading = start(log->read(kShard, Position{1}, kAll));
  concord::testing::call_on(reactors_.at(1), [] { return 0; });  // they have begun
  log.reset();
  EXPECT_EQ(code_of(sealing.get()), Code::kUnavailable);
  EXPECT_EQ(code_of(reading.get()), Code::kUnavailable);
}

}  // namespace
}  // namespace concord::kafka
