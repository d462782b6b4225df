#include "kafka/kafka_log.h"

#include <map>
#include <optional>
#include <utility>

#include "engines/log_records.h"
#include "kafka/log_parts.h"
#include "kafka/shard_log.h"

namespace concord::kafka {

using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;

namespace {

constexpr std::size_t kMoreThreads = 2;  // beside those that read

/// Whether Kafka did not answer; a call that was refused here names the limit.
bool is_away(const Error& error) { return error.code == Code::kUnavailable && error.context.empty(); }

}  // namespace

LogMetrics::LogMetrics(Metrics& metrics)
    : depth(metrics.gauge("concord_log_queue_depth", "Appends that wait for the log or for their commit.")),
      depth_bytes(metrics.gauge("concord_log_queue_bytes", "Their bytes.")),
      refused(metrics.counter("concord_log_refused_total", "Calls refused because the queue was full.")),
      batch_records(metrics.histogram("concord_log_batch_records", "Records that shared a commit.", size_bounds())),
      dropped(metrics.counter("concord_kafka_dropped_messages_total",
                              "Messages that were read and do not count: of older owners, late, or twice there.")),
      seals(metrics.counter("concord_kafka_seals_total", "Seals that this node has written.")),
      sent_again(metrics.counter("concord_kafka_sent_again_total", "Appends that had to be sent once more.")),
      followed(metrics.gauge("concord_kafka_followed_shards", "Shards whose topics this node follows.")) {}

class KafkaLog final : public engines::Log {
 public:
  static Result<std::unique_ptr<engines::Log>> open(KafkaOptions options, Clock& clock, IdSource& ids, Logger logger,
                                                    Metrics& metrics);
  ~KafkaLog() override;

  Task<> seal(ShardId shard, Epoch epoch) override;
  Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) override;
  Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes) override;
  Task<Bounds> bounds(ShardId shard) override;
  Task<> truncate(ShardId shard, Position keep_from) override;

 private:
  struct State;
  explicit KafkaLog(std::shared_ptr<State> state) : state_(std::move(state)) {}

  template <class T>
  static Task<T> guarded(std::shared_ptr<State> state, std::string call, Task<T> task);

  std::shared_ptr<State> state_;  // shared with calls under way
};

struct KafkaLog::State {
  State(KafkaOptions o, Clock& c, IdSource& i, Logger l, Metrics& m)
      : options(std::move(o)),
        logger(std::move(l)),
        notices(logger, m),
        metrics(m),
        append_seconds(m.histogram("concord_log_append_seconds", "Time from an append's call to its durability.",
                                   latency_bounds())),
        breaker_open(m.gauge("concord_kafka_breaker_open", "1 while calls to Kafka are refused at once.")),
        breaker({options.breaker_failures, options.breaker_least_ms, options.breaker_most_ms}),
        clock(c),
        ids(i),
        reactors(1),
        blocking(options.readers + kMoreThreads),
        readers(options, notices, c) {}
  ~State();

  Result<> open();
  Result<ShardLog*> shard(ShardId id);
  void ended(bool away, const std::string& call, const Error* error);
  Task<> close();

  const KafkaOptions options;
  Logger logger;
  Notices notices;
  Metrics& metrics;
  Histogram& append_seconds;
  Gauge& breaker_open;
  CircuitBreaker breaker;
  Clock& clock;
  IdSource& ids;
  Reactors reactors;
  BlockingPool blocking;
  Readers readers;
  std::unique_ptr<Cluster> cluster;
  std::unique_ptr<Producer> producer;
  std::unique_ptr<Tail> tail;
  // On the reactor:
  std::optional<LogParts> parts;
  std::map<ShardId, std::unique_ptr<ShardLog>> shards;
  std::size_t calls = 0;
  std::optional<AsyncEvent> call_ended;
  bool away = false;  // as it was logged last
  bool running = false;
};

Result<> KafkaLog::State::open() {
  TRY(cluster, Cluster::open(options, notices));
  Reactor& reactor = reactors.at(0);
  TRY(producer, Producer::open(options, notices, reactor, blocking));
  TRY(tail, Tail::open(options, notices, reactor, blocking, [this](ShardId id, const TailEvent& event) {
        if (const auto found = shards.find(id); found != shards.end()) found->second->take(event);
      }));
  parts.emplace(options, clock, ids, logger, reactor, blocking, metrics, *cluster, readers, *producer, *tail);
  call_ended.emplace(reactor);
  reactors.start();
  running = true;
  return {};
}

Result<ShardLog*> KafkaLog::State::shard(ShardId id) {
  if (const auto found = shards.find(id); found != shards.end()) return found->second.get();
  if (shards.size() >= options.max_shards) {
    return fail(Error{Code::kUnavailable,
                      "too many shards are read by this node",
                      {{"field", "shard"}, {"limit", std::to_string(options.max_shards)}}});
  }
  return shards.emplace(id, std::make_unique<ShardLog>(id, *parts)).first->second.get();
}

void KafkaLog::State::ended(bool failed, const std::string& call, const Error* error) {
  metrics
      .counter("concord_kafka_calls_total", "Calls to the log in Kafka, and how they ended.",
               {{"call", call}, {"result", failed ? "failed" : "answered"}})
      .add();
  if (failed) {
    breaker.failed(clock.monotonic_ns(), ids.random64());
  } else {
    breaker.succeeded();
  }
  const bool open = breaker.state() != CircuitBreaker::State::kClosed;
  breaker_open.set(open ? 1 : 0);
  if (parts->closed || std::exchange(away, open) == open) return;
  if (error != nullptr) {
    logger.error("Kafka is away", {{"error", error->message}});
  } else {
    logger.info("Kafka answers again");
  }
}

/// On the reactor: every call ends, and nothing is heard from the library any more.
Task<> KafkaLog::State::close() {
  parts->closed = true;
  for (const auto& [id, shard] : shards) {
    shard->close();
  }
  co_await parts->tasks.close();
  while (calls > 0) {
    for (const auto& [id, shard] : shards) {
      shard->close();
    }
    co_await call_ended->wait(100);
  }
  producer->close();
  tail->close();
  co_return Result<>();
}

KafkaLog::State::~State() {
  blocking.stop();
  tail.reset();
  producer.reset();
  if (running) {
    // What the library's threads had posted has run before what it knows is gone.
    static_cast<void>(concord::wait_for(reactors.at(0), []() -> Task<> { co_return Result<>(); }()));
    reactors.stop();
  }
}

Result<std::unique_ptr<engines::Log>> KafkaLog::open(KafkaOptions options, Clock& clock, IdSource& ids, Logger logger,
                                                     Metrics& metrics) {
  TRY_VOID(check(options));
  auto state = std::make_shared<State>(std::move(options), clock, ids, std::move(logger), metrics);
  TRY_VOID(state->open());
  return std::unique_ptr<engines::Log>(new KafkaLog(std::move(state)));
}

KafkaLog::~KafkaLog() { static_cast<void>(concord::wait_for(state_->reactors.at(0), state_->close())); }

/// Runs the call on the reactor, where the breaker lets it; what failed since Kafka did not answer is counted.
template <class T>
Task<T> KafkaLog::guarded(std::shared_ptr<State> state, std::string call, Task<T> task) {
  if (state->parts->closed) co_return fail(Code::kUnavailable, "the log is closing");
  if (!state->breaker.admit(state->clock.monotonic_ns())) {
    state->metrics
        .counter("concord_kafka_calls_total", "Calls to the log in Kafka, and how they ended.",
                 {{"call", call}, {"result", "refused"}})
        .add();
    co_return fail(Code::kUnavailable, "Kafka did not answer a moment ago; it is asked again soon");
  }
  ++state->calls;
  Result<T> result = co_await std::move(task);
  --state->calls;
  state->call_ended->notify_all();
  const bool failed = !result && is_away(result.error());
  state->ended(failed, call, failed ? &result.error() : nullptr);
  co_return result;
}

Task<> KafkaLog::seal(ShardId id, Epoch epoch) {
  const std::shared_ptr<State> state = state_;
  auto work = [](std::shared_ptr<State> s, ShardId shard_id, Epoch e) -> Task<> {
    CO_TRY(ShardLog* const shard, s->shard(shard_id));
    co_return co_await shard->seal(e, s->parts->deadline_in(s->options.call_timeout_ms));
  };
  co_return co_await run_on(state->reactors.at(0), guarded(state, "seal", work(state, id, epoch)));
}

Task<Position> KafkaLog::append(ShardId id, Epoch epoch, std::vector<LogRecord> records) {
  const std::shared_ptr<State> state = state_;
  CO_TRY_VOID(engines::check_records(records, kMaxBatchBytes - (1U << 20U), kRecordOverheadBytes));
  if (records.size() > kMaxBatchRecords) {
    co_return fail(Error{Code::kTooLarge,
                         "records are too many for one append",
                         {{"field", "records"},
                          {"limit", std::to_string(kMaxBatchRecords)},
                          {"value", std::to_string(records.size())}}});
  }
  auto work = [](std::shared_ptr<State> s, ShardId shard_id, Epoch e, std::vector<LogRecord> r) -> Task<Position> {
    CO_TRY(ShardLog* const shard, s->shard(shard_id));
    co_return co_await shard->append(e, std::move(r), s->parts->deadline_in(s->options.call_timeout_ms));
  };
  const std::int64_t began = state->clock.monotonic_ns();
  Result<Position> first =
      co_await run_on(state->reactors.at(0), guarded(state, "append", work(state, id, epoch, std::move(records))));
  state->append_seconds.record(static_cast<double>(state->clock.monotonic_ns() - began) * 1e-9);
  co_return first;
}

Task<std::vector<LogEntry>> KafkaLog::read(ShardId id, Position from, std::size_t max_bytes) {
  const std::shared_ptr<State> state = state_;
  using Entries = std::vector<LogEntry>;
  auto work = [](std::shared_ptr<State> s, ShardId shard_id, Position p, std::size_t most) -> Task<Entries> {
    CO_TRY(ShardLog* const shard, s->shard(shard_id));
    co_return co_await shard->read(p, most, s->parts->deadline_in(s->options.call_timeout_ms));
  };
  co_return co_await run_on(state->reactors.at(0), guarded(state, "read", work(state, id, from, max_bytes)));
}

Task<engines::Log::Bounds> KafkaLog::bounds(ShardId id) {
  const std::shared_ptr<State> state = state_;
  auto work = [](std::shared_ptr<State> s, ShardId shard_id) -> Task<Bounds> {
    CO_TRY(ShardLog* const shard, s->shard(shard_id));
    co_return co_await shard->bounds(s->parts->deadline_in(s->options.call_timeout_ms));
  };
  co_return co_await run_on(state->reactors.at(0), guarded(state, "bounds", work(state, id)));
}

Task<> KafkaLog::truncate(ShardId id, Position keep_from) {
  const std::shared_ptr<State> state = state_;
  auto work = [](std::shared_ptr<State> s, ShardId shard_id, Position p) -> Task<> {
    CO_TRY(ShardLog* const shard, s->shard(shard_id));
    co_return co_await shard->truncate(p, s->parts->deadline_in(s->options.call_timeout_ms));
  };
  co_return co_await run_on(state->reactors.at(0), guarded(state, "truncate", work(state, id, keep_from)));
}

Result<std::unique_ptr<engines::Log>> open_kafka_log(KafkaOptions options, Clock& clock, IdSource& ids,
                                                     const Logger& logger, Metrics& metrics) {
  return KafkaLog::open(std::move(options), clock, ids, logger.with("engine", "kafka"), metrics);
}

}  // namespace concord::kafka
