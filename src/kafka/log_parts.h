#pragma once
// What the shards of one log have together. On the driver's reactor, but for what says otherwise.

#include <algorithm>
#include <atomic>
#include <string>

#include "base/async.h"
#include "base/circuit_breaker.h"
#include "base/id.h"
#include "kafka/handles.h"
#include "kafka/producer.h"
#include "kafka/readers.h"
#include "kafka/tail.h"

namespace concord::kafka {

struct LogMetrics {
  explicit LogMetrics(Metrics& metrics);
  Gauge& depth;
  Gauge& depth_bytes;
  Counter& refused;
  Histogram& batch_records;
  Counter& dropped;
  Counter& seals;
  Counter& sent_again;
  Gauge& followed;
};

struct LogParts {
  LogParts(const KafkaOptions& o, Clock& c, IdSource& i, Logger l, Reactor& r, BlockingPool& b, Metrics& m,
           Cluster& cluster_, Readers& readers_, Producer& producer_, Tail& tail_)
      : options(o),
        clock(c),
        ids(i),
        logger(std::move(l)),
        reactor(r),
        blocking(b),
        metrics(m),
        cluster(cluster_),
        readers(readers_),
        producer(producer_),
        tail(tail_),
        tasks(r) {}

  const KafkaOptions& options;
  Clock& clock;
  IdSource& ids;
  Logger logger;
  Reactor& reactor;
  BlockingPool& blocking;
  LogMetrics metrics;
  Cluster& cluster;  // blocks: on the pool alone
  Readers& readers;  // so do they
  Producer& producer;
  Tail& tail;
  TaskScope tasks;
  std::size_t queued_calls = 0;
  std::size_t queued_bytes = 0;
  std::atomic<bool> closed = false;  // also read on the pool's threads

  std::int64_t now_ns() const { return clock.monotonic_ns(); }
  std::int64_t left_ms(std::int64_t deadline_ns) const { return (deadline_ns - now_ns()) / 1'000'000; }
  std::int64_t deadline_in(std::int64_t milliseconds) const { return now_ns() + milliseconds * 1'000'000; }
  Backoff new_backoff() const { return {options.backoff_least_ms, options.backoff_most_ms}; }
  std::string topic_of(engines::ShardId shard) const {
    return options.topic_prefix + "-log-" + std::to_string(shard.value);
  }
  std::unexpected<Error> too_late() const {
    return fail(Code::kUnavailable, closed ? "the log is closing" : "Kafka did not answer in time");
  }
};

}  // namespace concord::kafka
