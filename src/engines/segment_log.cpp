#include "engines/segment_log.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "engines/log_repair.h"
#include "engines/segment_appender.h"

namespace concord::engines {
namespace {

/// An append's frames lie in one segment, whose offsets have 32 bits.
constexpr std::size_t kMaxAppendBytes = 256U << 20U;

/// The bytes that the records take in a segment.
Result<std::size_t> check(const std::vector<LogRecord>& records) {
  constexpr std::size_t kPadding = 8;
  TRY_VOID(check_records(records, kMaxAppendBytes, kFrameHeaderBytes + kPadding));
  std::size_t total = 0;
  for (const LogRecord& record : records) {
    Frame frame;
    frame.stream = record.stream;
    frame.principal = record.principal;
    frame.client = record.client;
    frame.payload = *record.payload;
    total += frame_size(frame);
  }
  return total;
}

}  // namespace

struct SegmentLog::State {
  State(SegmentLogOptions o, Clock& c, Metrics& metrics)
      : options(std::move(o)),
        clock(c),
        readers(options.read_threads, options.max_queued_reads),
        append_seconds(metrics.histogram("concord_log_append_seconds", "Time from an append's call to its durability.",
                                         latency_bounds())),
        queue_depth(metrics.gauge("concord_log_queue_depth", "Calls waiting for the log's thread.")),
        queue_bytes(metrics.gauge("concord_log_queue_bytes", "Bytes waiting for the log's thread.")),
        refused(metrics.counter("concord_log_refused_total", "Calls refused because the queue was full.")) {}

  SegmentLogOptions options;
  Clock& clock;
  SegmentIndex index;
  std::vector<SegmentDamage> damage;
  std::unique_ptr<SegmentAppender> appender;  // used by the thread alone
  BlockingPool readers;
  Histogram& append_seconds;
  Gauge& queue_depth;
  Gauge& queue_bytes;
  Counter& refused;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<LogRequest*> queue;  // guarded by mutex
  std::size_t queued_bytes = 0;   // guarded by mutex
  bool stopping = false;          // guarded by mutex
  std::thread thread;

  Result<> admit(LogRequest& request) {
    const std::lock_guard lock(mutex);
    const bool full = queue.size() >= options.max_queued_appends ||
                      (!queue.empty() && queued_bytes + request.size_bytes > options.max_queued_bytes);
    if (stopping) return fail(Code::kUnavailable, "the log is closing");
    if (full) {
      refused.add();
      return fail(Error{Code::kUnavailable,
                        "too many appends wait for the log",
                        {{"limit", std::to_string(options.max_queued_appends)}}});
    }
    queue.push_back(&request);
    queued_bytes += request.size_bytes;
    queue_depth.set(static_cast<std::int64_t>(queue.size()));
    queue_bytes.set(static_cast<std::int64_t>(queued_bytes));
    return {};
  }

  void submit(LogRequest& request, Resume resume) {
    request.queued_ns = clock.monotonic_ns();
    request.resume = std::move(resume);
    if (Result<> admitted = admit(request); !admitted) {
      request.result = fail(std::move(admitted).error());
      finish(request);
      return;
    }
    changed.notify_one();
  }

  /// The request is gone once its coroutine goes on.
  static void finish(LogRequest& request) {
    Resume resume = std::move(request.resume);
    resume();
  }

  bool take(std::vector<LogRequest*>& batch) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    std::size_t bytes = 0;
    while (!queue.empty() && (batch.empty() || bytes + queue.front()->size_bytes <= options.max_batch_bytes)) {
      bytes += queue.front()->size_bytes;
      batch.push_back(queue.front());
      queue.pop_front();
    }
    queued_bytes -= bytes;
    queue_depth.set(static_cast<std::int64_t>(queue.size()));
    queue_bytes.set(static_cast<std::int64_t>(queued_bytes));
    return !batch.empty();
  }

  void work() {
    std::vector<LogRequest*> batch;
    while (take(batch)) {
      appender->run(batch);
      const std::int64_t now = clock.monotonic_ns();
      for (LogRequest* request : batch) {
        if (request->kind == LogRequest::Kind::kAppend)
          append_seconds.record(static_cast<double>(now - request->queued_ns) * 1e-9);
        finish(*request);
      }
      batch.clear();
    }
    appender->close();
  }

  Task<Position> call(LogRequest request) {
    co_await suspend([this, &request](Resume resume) { submit(request, std::move(resume)); });
    co_return std::move(request.result);
  }
};

Result<std::unique_ptr<SegmentLog>> SegmentLog::open(FileSystem& files, SegmentLogOptions options, Clock& clock,
                                                     IdSource& ids, const Logger& logger, Metrics& metrics) {
  const std::int64_t began = clock.monotonic_ns();
  TRY_VOID(finish_repair(files, options.directory));
  TRY_VOID(make_directories(files, options.directory));
  auto state = std::make_unique<State>(std::move(options), clock, metrics);
  TRY(RecoveredLog recovered, recover_segments(files, state->options.directory, state->index, logger));
  const double seconds = static_cast<double>(clock.monotonic_ns() - began) * 1e-9;
  metrics.histogram("concord_log_open_seconds", "Time to read the log on open.", latency_bounds()).record(seconds);
  Counter& cut_bytes = metrics.counter("concord_log_cut_bytes_total", "Bytes of torn tails cut on open.");
  for (const SegmentDamage& cut : recovered.cut) cut_bytes.add(cut.end - cut.begin);
  metrics.gauge("concord_log_damages", "Damaged places found on open.")
      .set(static_cast<std::int64_t>(recovered.damage.size()));
  logger.info("log: opened", {{"directory", state->options.directory},
                              {"segments", state->index.segment_count()},
                              {"frames", recovered.frames},
                              {"bytes", recovered.read_bytes},
                              {"seconds", seconds}});
  state->appender = std::make_unique<SegmentAppender>(
      files,
      SegmentAppenderOptions{state->options.directory, state->options.segment_bytes, state->options.allocate_bytes,
                             [&ids] { return ids.random64(); }},
      state->index, recovered, clock, logger, metrics);
  state->damage = std::move(recovered.damage);
  if (state->options.archived) state->index.hold_segments_from(0);
  state->thread = std::thread([state = state.get()] { state->work(); });
  return std::unique_ptr<SegmentLog>(new SegmentLog(std::move(state)));
}

SegmentLog::SegmentLog(std::unique_ptr<State> state) : state_(std::move(state)) {}

SegmentLog::~SegmentLog() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
  state_->readers.stop();
}

const std::vector<SegmentDamage>& SegmentLog::damage() const { return state_->damage; }

const LogIdentity& SegmentLog::identity() const { return state_->appender->identity(); }
std::vector<SegmentIndex::Extent> SegmentLog::extents() const { return state_->index.extents(); }
void SegmentLog::release_before(std::uint32_t number) { state_->index.hold_segments_from(number); }

Task<> SegmentLog::seal(ShardId shard, Epoch epoch) {
  LogRequest request;
  request.kind = LogRequest::Kind::kSeal;
  request.shard = shard;
  request.epoch = epoch;
  request.size_bytes = kFrameHeaderBytes;
  CO_TRY_VOID(co_await state_->call(std::move(request)));
  co_return Result<>();
}

Task<Position> SegmentLog::append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) {
  LogRequest request;
  CO_TRY(request.size_bytes, check(records));
  request.shard = shard;
  request.epoch = epoch;
  request.records = std::move(records);
  co_return co_await state_->call(std::move(request));
}

Task<> SegmentLog::truncate(ShardId shard, Position keep_from) {
  LogRequest request;
  request.kind = LogRequest::Kind::kTruncate;
  request.shard = shard;
  request.keep_from = keep_from;
  request.size_bytes = kFrameHeaderBytes;
  CO_TRY_VOID(co_await state_->call(std::move(request)));
  co_return Result<>();
}

Task<Log::Bounds> SegmentLog::bounds(ShardId shard) {
  const SegmentIndex::Shard state = state_->index.shard(shard);
  if (state.damage) co_return fail(*state.damage);
  co_return Bounds{state.first, state.next, state.epoch};
}

Task<std::vector<LogEntry>> SegmentLog::read(ShardId shard, Position from, std::size_t max_bytes) {
  const auto [state, runs] = state_->index.find(shard, from, max_bytes);
  if (state.damage) co_return fail(*state.damage);
  if (from < state.first) {
    co_return fail(Error{
        Code::kNotFound,
        "the log of shard " + std::to_string(shard.value) + " begins later",
        {{"field", "from"}, {"limit", std::to_string(state.first.value)}, {"value", std::to_string(from.value)}}});
  }
  if (from >= state.next) co_return std::vector<LogEntry>();
  co_return co_await state_->readers.run<std::vector<LogEntry>>(
      [runs, shard, from, max_bytes] { return read_entries(runs, shard, from, max_bytes); });
}

}  // namespace concord::engines
