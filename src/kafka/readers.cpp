#include "kafka/readers.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <deque>

namespace concord::kafka {

using engines::LogEntry;
using engines::Position;

namespace {

constexpr std::int64_t kWaitMs = 20;  // what an answer without messages may hold up the next read
constexpr std::int64_t kTurnMs = 100;

}  // namespace

/// One consumer, at one place of one topic. One thread at a time.
class Readers::Reader {
 public:
  explicit Reader(Handle handle) : handle_(std::move(handle)) {}
  ~Reader() { stop(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool is_at(engines::ShardId shard, Position position) const {
    return topic_ && shard_ == shard && (ready_.empty() ? filter_.state().next : ready_.front().position) == position;
  }
  bool is_idle() const { return !topic_; }

  Result<std::vector<LogEntry>> read(const ReadRequest& request, Clock& clock) {
    if (!is_at(request.shard, request.from))
      TRY_VOID(start(request, (request.deadline_ns - clock.monotonic_ns()) / 1'000'000));
    std::vector<LogEntry> entries;
    std::size_t bytes = 0;
    for (;;) {
      while (!ready_.empty()) {
        LogEntry& next = ready_.front();
        const std::size_t size = next.record.payload->size();
        if (next.position >= request.from) {
          if (!entries.empty() && size > request.max_bytes - std::min(bytes, request.max_bytes)) return entries;
          bytes += size;
          entries.push_back(std::move(next));
        }
        ready_.pop_front();
      }
      if (filter_.state().next >= request.end) {
        stop();
        return entries;
      }
      const std::int64_t left_ms = (request.deadline_ns - clock.monotonic_ns()) / 1'000'000;
      if (left_ms <= 0) return fail(Code::kUnavailable, "Kafka did not give the records in time");
      TRY_VOID(fetch(std::min(left_ms, kTurnMs)));
    }
  }

  void stop() {
    if (!topic_) return;
    rd_kafka_consume_stop(topic_.get(), 0);
    topic_.reset();
    queue_.reset();
    ready_.clear();
    assembled_ = {};
  }

 private:
  Result<> start(const ReadRequest& request, std::int64_t left_ms) {
    stop();
    const Landmark& from = request.from_landmark;
    filter_ = EpochFilter({from.epoch, from.writer, from.position, from.position});
    shard_ = request.shard;
    queue_ = Queue(rd_kafka_queue_new(handle_.get()));
    Topic topic(rd_kafka_topic_new(handle_.get(), request.topic.c_str(), nullptr));
    if (topic) look_up(handle_.get(), topic.get(), std::max<std::int64_t>(left_ms, 1));
    if (!topic || rd_kafka_consume_start_queue(topic.get(), 0, from.offset, queue_.get()) == -1)
      return unavailable("could not be read", rd_kafka_last_error());
    topic_ = std::move(topic);
    return {};
  }

  Result<> fetch(std::int64_t wait_ms) {
    const Message message(rd_kafka_consume_queue(queue_.get(), static_cast<int>(wait_ms)));
    if (!message) return {};
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        return take(*message);
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return fail(Code::kNotFound, "the topic begins later by now");
      default:
        return {};  // the end for now, or what the library tries again until the time is over
    }
  }

  Result<> take(const rd_kafka_message_t& message) {
    TRY(const Frame frame,
        decode_frame(shard_, ByteView(static_cast<const std::uint8_t*>(message.payload), message.len)));
    TRY(const EpochFilter::Judged judged, filter_.judge(message.offset, frame));
    if (judged.verdict == EpochFilter::Verdict::kDropped || frame.kind != Frame::Kind::kBatch) return {};
    if (frame.part == 0) assembled_.clear();
    append(assembled_, frame.body);
    if (judged.verdict == EpochFilter::Verdict::kPart) return {};
    TRY(std::vector<engines::LogRecord> records, decode_records(assembled_, frame.records));
    assembled_.clear();
    if (assembled_.capacity() > kMaxPartBytes) assembled_.shrink_to_fit();
    Position position = frame.position;
    for (engines::LogRecord& record : records) {
      ready_.push_back({position, frame.epoch, std::move(record)});
      ++position.value;
    }
    return {};
  }

  Handle handle_;
  Queue queue_;
  Topic topic_;  // while it is at a place
  engines::ShardId shard_;
  EpochFilter filter_;
  Bytes assembled_;             // of a batch whose last part is not here yet
  std::deque<LogEntry> ready_;  // of a batch that was too long for the read
};

Readers::Readers(const KafkaOptions& options, Notices& notices, Clock& clock)
    : options_(options), notices_(notices), clock_(clock) {}
Readers::~Readers() = default;

Result<std::unique_ptr<Readers::Reader>> Readers::borrow(const ReadRequest& request) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto is_there = [&](const auto& reader) { return reader->is_at(request.shard, request.from); };
    const auto is_idle = [](const auto& reader) { return reader->is_idle(); };
    auto chosen = std::ranges::find_if(idle_, is_there);
    if (chosen == idle_.end()) chosen = std::ranges::find_if(idle_, is_idle);
    if (chosen == idle_.end() && made_ == options_.readers) chosen = idle_.begin();
    if (chosen != idle_.end()) {
      std::unique_ptr<Reader> reader = std::move(*chosen);
      idle_.erase(chosen);
      return reader;
    }
    if (made_ < options_.readers) {
      TRY(Handle handle, make_consumer(options_, notices_, kWaitMs));
      ++made_;
      return std::make_unique<Reader>(std::move(handle));
    }
    const std::int64_t left_ns = request.deadline_ns - clock_.monotonic_ns();
    if (left_ns <= 0) return fail(Code::kUnavailable, "too many reads of the log are under way");
    given_back_.wait_for(lock, std::chrono::nanoseconds(left_ns));
  }
}

void Readers::give_back(std::unique_ptr<Reader> reader) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(reader));
  given_back_.notify_one();
}

Result<std::vector<LogEntry>> Readers::read(const ReadRequest& request) {
  TRY(std::unique_ptr<Reader> reader, borrow(request));
  auto entries = reader->read(request, clock_);
  if (!entries) reader->stop();
  give_back(std::move(reader));
  return entries;
}

}  // namespace concord::kafka
