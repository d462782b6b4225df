#include "kafka/shard_writer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace concord::kafka {

using engines::Epoch;
using engines::LogRecord;
using engines::Position;

namespace {

Error fenced(Epoch epoch) {
  return {Code::kFenced, "the shard has a newer owner", {{"field", "epoch"}, {"value", std::to_string(epoch.value)}}};
}

}  // namespace

ShardWriter::ShardWriter(ShardView& view, LogParts& parts)
    : view_(view), parts_(parts), claiming_(parts.reactor), changed_(parts.reactor) {}

Task<> ShardWriter::seal(Epoch epoch, std::int64_t deadline_ns) { co_return co_await claim(epoch, deadline_ns); }

Task<Position> ShardWriter::append(Epoch epoch, std::vector<LogRecord> records, std::int64_t deadline_ns) {
  const auto call = std::make_shared<Call>(parts_.reactor);
  std::size_t size = 0;
  for (const LogRecord& record : records)
    size += kRecordOverheadBytes + record.stream.size() + record.principal.size() + record.client.size() +
            record.payload->size();
  if (parts_.queued_calls >= parts_.options.max_queued_appends ||
      parts_.queued_bytes + size > parts_.options.max_queued_bytes) {
    parts_.metrics.refused.add();
    co_return fail(Error{Code::kUnavailable, "too many appends wait for Kafka", {{"limit", "queued appends"}}});
  }
  call->encoded.reserve(size);
  for (const LogRecord& record : records) encode_record(call->encoded, record);
  call->records = static_cast<std::uint32_t>(records.size());
  call->epoch = epoch;
  records.clear();
  parts_.queued_calls += 1;
  parts_.queued_bytes += call->encoded.size();
  parts_.metrics.depth.set(static_cast<std::int64_t>(parts_.queued_calls));
  parts_.metrics.depth_bytes.set(static_cast<std::int64_t>(parts_.queued_bytes));
  queue_.push_back(call);
  start_sending();
  while (!call->result) {
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0) {
      answer(*call, parts_.too_late());
      break;
    }
    co_await call->answered.wait(left_ms);
  }
  co_return *call->result;
}

void ShardWriter::answer(Call& call, Result<Position> result) {
  if (call.result) return;
  parts_.queued_calls -= 1;
  parts_.queued_bytes -= call.encoded.size();
  parts_.metrics.depth.set(static_cast<std::int64_t>(parts_.queued_calls));
  parts_.metrics.depth_bytes.set(static_cast<std::int64_t>(parts_.queued_bytes));
  call.encoded = {};
  call.result = std::move(result);
  call.answered.notify_all();
}

void ShardWriter::answer_all(const Error& error) {
  for (const auto& batch : in_flight_)
    for (const SharedCall& call : batch->calls) answer(*call, fail(error));
  for (const SharedCall& call : queue_) answer(*call, fail(error));
  queue_.clear();
}

void ShardWriter::close() {
  answer_all({Code::kUnavailable, "the log is closing", {}});
  changed_.notify_all();
}

void ShardWriter::lost() {
  live_ = false;
  changed_.notify_all();
  start_sending();
}

/// Until it is known: the shard is this writer's, or another's.
Task<> ShardWriter::claim(Epoch epoch, std::int64_t deadline_ns) {
  const AsyncMutex::Hold hold = co_await claiming_.lock();
  Backoff backoff = parts_.new_backoff();
  for (;;) {
    if (parts_.left_ms(deadline_ns) <= 0 || parts_.closed) co_return parts_.too_late();
    const Result<bool> done = co_await try_claim(epoch, deadline_ns);
    if (done && *done) co_return Result<>();
    if (!done && done.error().code != Code::kUnavailable) co_return fail(done.error());
    const std::int64_t wait_ms = backoff.next_ms(parts_.ids.random64());
    if (parts_.left_ms(deadline_ns) <= wait_ms) {
      if (!done) co_return fail(done.error());
      co_return parts_.too_late();
    }
    CO_TRY_VOID(co_await sleep_ms(wait_ms));
  }
}

/// False where another seal of the same epoch came between.
Task<bool> ShardWriter::try_claim(Epoch epoch, std::int64_t deadline_ns) {
  CO_TRY_VOID(co_await view_.make(deadline_ns));
  CO_TRY_VOID(co_await parts_.producer.look_up(parts_.topic_of(view_.shard())));
  if (view_.state().epoch > epoch) co_return fail(fenced(epoch));
  live_ = false;
  const auto claim = std::make_shared<Claim>(Claim{.writer = WriterId{parts_.ids.random64()}});
  claim_ = claim;
  parts_.metrics.seals.add();
  const Frame frame{.kind = Frame::Kind::kSeal, .shard = view_.shard(), .epoch = epoch, .writer = claim->writer};
  parts_.producer.send(parts_.topic_of(view_.shard()), encode_frame(frame),
                       [this, claim](Result<std::int64_t> delivered) {
                         claim->delivered = delivered ? Result<>() : Result<>(fail(delivered.error()));
                         changed_.notify_all();
                       });
  // It may have to be found behind much that is not read yet, and that is no reason to write another.
  deadline_ns = std::max(deadline_ns, parts_.deadline_in(parts_.options.message_timeout_ms));
  while (!(claim->counts && claim->delivered)) {
    if (claim->delivered && !*claim->delivered) co_return fail(claim->delivered->error());
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0 || parts_.closed) co_return parts_.too_late();
    co_await changed_.wait(left_ms);
  }
  if (!*claim->delivered) co_return fail(claim->delivered->error());
  if (!*claim->counts || view_.state().epoch > epoch) co_return fail(fenced(epoch));
  if (view_.state().writer != claim->writer) co_return false;
  claimed(epoch, claim->writer);
  co_return true;
}

/// Behind the seal, so that what counts of the batches before it is as durable as it is, and the others are not there.
void ShardWriter::claimed(Epoch epoch, WriterId writer) {
  epoch_ = epoch;
  writer_ = writer;
  next_ = view_.state().next;
  live_ = true;
  std::vector<SharedCall> again;
  for (const auto& batch : std::exchange(in_flight_, {})) {
    Position position = batch->first;
    for (const SharedCall& call : batch->calls) {
      if (batch->counts) {
        answer(*call, position);
      } else if (batch->epoch < epoch) {
        answer(*call, fail(fenced(batch->epoch)));
      } else if (!call->result) {
        again.push_back(call);
      }
      position.value += call->records;
    }
  }
  parts_.metrics.sent_again.add(again.size());
  queue_.insert(queue_.begin(), again.begin(), again.end());
  fence_older(epoch);
  changed_.notify_all();
  start_sending();
}

void ShardWriter::fence_older(Epoch than) {
  const auto is_older = [&](const SharedCall& call) {
    if (call->epoch < than) answer(*call, fail(fenced(call->epoch)));
    return call->epoch < than;
  };
  std::erase_if(queue_, is_older);
}

bool ShardWriter::has_work() const {
  const auto is_asked_for = [](const SharedCall& call) { return !call->result; };
  if (std::ranges::any_of(queue_, is_asked_for)) return true;
  // What counts and was not refused only waits for its confirmation.
  return !live_ && std::ranges::any_of(in_flight_, [&](const auto& batch) {
    return (!batch->counts || batch->failed) && std::ranges::any_of(batch->calls, is_asked_for);
  });
}

void ShardWriter::start_sending() {
  if (sending_ || parts_.closed || !has_work()) return;
  sending_ = true;
  parts_.tasks.spawn(send_loop(*this));
}

/// Batches for which nobody waits any more, and of which nobody knows: the next seal ends them.
void ShardWriter::forget_unasked() {
  std::erase_if(in_flight_, [](const auto& batch) {
    return batch->failed &&
           std::ranges::all_of(batch->calls, [](const auto& call) { return call->result.has_value(); });
  });
  while (!queue_.empty() && queue_.front()->result) queue_.pop_front();
}

asio::awaitable<void> ShardWriter::send_loop(ShardWriter& writer) {
  LogParts& parts = writer.parts_;
  while (!parts.closed) {
    writer.forget_unasked();
    if (!writer.has_work()) break;
    const Epoch epoch = writer.queue_.empty() ? writer.in_flight_.front()->epoch : writer.queue_.front()->epoch;
    if (!writer.live_ || writer.epoch_ != epoch) {
      const auto done = co_await writer.claim(epoch, parts.deadline_in(parts.options.call_timeout_ms));
      if (done || done.error().code == Code::kUnavailable) continue;  // each call has its own deadline
      if (done.error().code == Code::kFenced) {
        writer.foreign_seal(Epoch{epoch.value + 1});
      } else {
        writer.answer_all(done.error());
      }
      continue;
    }
    if (writer.in_flight_.size() >= parts.options.pipelined) {
      co_await writer.changed_.wait();
      continue;
    }
    writer.send_batch();
  }
  writer.sending_ = false;
}

std::vector<ShardWriter::SharedCall> ShardWriter::take_calls() {
  std::vector<SharedCall> calls;
  std::size_t bytes = 0;
  std::uint64_t records = 0;
  while (!queue_.empty()) {
    const SharedCall& next = queue_.front();
    if (!next->result) {
      const bool fits = bytes + next->encoded.size() <= parts_.options.batch_bytes &&
                        records + next->records <= kMaxBatchRecords && next->epoch == epoch_;
      if (!calls.empty() && !fits) break;
      bytes += next->encoded.size();
      records += next->records;
      calls.push_back(next);
    }
    queue_.pop_front();
  }
  return calls;
}

void ShardWriter::send_batch() {
  const auto batch = std::make_shared<Batch>();
  batch->epoch = epoch_;
  batch->writer = writer_;
  batch->first = next_;
  batch->calls = take_calls();
  Bytes body;
  std::uint32_t records = 0;
  for (const SharedCall& call : batch->calls) {
    concord::append(body, call->encoded);
    records += call->records;
  }
  if (records == 0) return;
  parts_.metrics.batch_records.record(records);
  next_.value += records;
  in_flight_.push_back(batch);
  send_parts(batch, body, records);
}

void ShardWriter::send_parts(const std::shared_ptr<Batch>& batch, ByteView body, std::uint32_t records) {
  const auto parts = static_cast<std::uint32_t>((body.size() + kMaxPartBytes - 1) / kMaxPartBytes);
  batch->unconfirmed = parts;
  const std::string topic = parts_.topic_of(view_.shard());
  for (std::uint32_t part = 0; part < parts; ++part) {
    const std::size_t at = part * kMaxPartBytes;
    const Frame frame{.kind = Frame::Kind::kBatch,
                      .shard = view_.shard(),
                      .epoch = batch->epoch,
                      .writer = batch->writer,
                      .position = batch->first,
                      .records = records,
                      .part = part,
                      .parts = parts,
                      .body = body.subspan(at, std::min(kMaxPartBytes, body.size() - at))};
    parts_.producer.send(topic, encode_frame(frame),
                         [this, batch](const Result<std::int64_t>& delivered) { part_delivered(batch, delivered); });
  }
}

void ShardWriter::part_delivered(const std::shared_ptr<Batch>& batch, const Result<std::int64_t>& delivered) {
  --batch->unconfirmed;
  if (!delivered) {
    batch->failed = true;
    if (batch->writer == writer_) live_ = false;
    changed_.notify_all();
    start_sending();
    return;
  }
  finish(batch);
}

/// Both: it counts, and all replicas in sync have it.
void ShardWriter::finish(const std::shared_ptr<Batch>& batch) {
  if (!batch->counts || batch->failed || batch->unconfirmed > 0) return;
  if (std::erase(in_flight_, batch) == 0) return;
  Position position = batch->first;
  for (const SharedCall& call : batch->calls) {
    const std::uint32_t records = call->records;
    answer(*call, position);
    position.value += records;
  }
  changed_.notify_all();
}

void ShardWriter::judged(const Frame& frame, EpochFilter::Verdict verdict) {
  const bool counts = verdict == EpochFilter::Verdict::kCounts;
  if (frame.kind == Frame::Kind::kSeal) {
    if (claim_ && claim_->writer == frame.writer) {
      claim_->counts = counts;
      changed_.notify_all();
    } else if (counts) {
      foreign_seal(frame.epoch);
    }
    return;
  }
  if (frame.kind != Frame::Kind::kBatch || verdict == EpochFilter::Verdict::kPart) return;
  const auto found = std::ranges::find_if(in_flight_, [&](const auto& batch) {
    return batch->writer == frame.writer && batch->first == frame.position && !batch->counts;
  });
  if (found == in_flight_.end()) return;
  // It may leave the list below.
  const std::shared_ptr<Batch> batch = *found;  // NOLINT(performance-unnecessary-copy-initialization)
  if (counts) {
    batch->counts = true;
    finish(batch);
    return;
  }
  batch->failed = true;
  if (batch->writer == writer_) live_ = false;
  changed_.notify_all();
  start_sending();
}

/// What is not read yet of older epochs' batches is behind that seal, and does not count.
void ShardWriter::foreign_seal(Epoch epoch) {
  live_ = false;
  for (const auto& batch : in_flight_) {
    if (batch->epoch >= epoch || (batch->counts && !batch->failed)) continue;
    const Error error = batch->counts ? parts_.too_late().error() : fenced(batch->epoch);
    batch->failed = true;
    for (const SharedCall& call : batch->calls) answer(*call, fail(error));
  }
  fence_older(epoch);
  forget_unasked();
  changed_.notify_all();
  start_sending();
}

}  // namespace concord::kafka
