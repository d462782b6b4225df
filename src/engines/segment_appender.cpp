#include "engines/segment_appender.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace concord::engines {
namespace {

constexpr std::size_t kKeptBufferBytes = 4U << 20U;

}  // namespace

SegmentAppender::Instruments::Instruments(Metrics& metrics)
    : sync_seconds(metrics.histogram("concord_log_sync_seconds", "Time of a sync of the log.", latency_bounds())),
      batch_requests(
          metrics.histogram("concord_log_batch_requests", "Calls that shared one durable write.", size_bounds())),
      batch_bytes(metrics.histogram("concord_log_batch_bytes", "Bytes of one durable write.", size_bounds())),
      written_bytes(metrics.counter("concord_log_written_bytes_total", "Bytes made durable in the log.")),
      records(metrics.counter("concord_log_records_total", "Records made durable in the log.")),
      failures(metrics.counter("concord_log_write_failures_total", "Writes of the log that failed.")),
      segments(metrics.gauge("concord_log_segments", "Segment files of the log.")),
      writable(metrics.gauge("concord_log_writable", "0 after a write of the log failed, until one succeeds.")) {}

SegmentAppender::SegmentAppender(FileSystem& files, SegmentAppenderOptions options, SegmentIndex& index,
                                 const RecoveredLog& recovered, Clock& clock, Logger logger, Metrics& metrics)
    : files_(files),
      options_(std::move(options)),
      index_(index),
      clock_(clock),
      logger_(std::move(logger)),
      instruments_(metrics),
      active_(recovered.active),
      end_(recovered.active_end),
      allocated_(recovered.active_end),
      last_(recovered.active),
      last_number_(recovered.last_number),
      last_end_(recovered.last_end),
      highest_number_(recovered.highest_number) {
  if (recovered.identity) {
    identity_ = *recovered.identity;
  } else {
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint64_t word = options_.random64();
      std::memcpy(identity_.data() + 8 * half, &word, 8);
    }
  }
  instruments_.segments.set(static_cast<std::int64_t>(index_.segment_count()));
  instruments_.writable.set(1);
}

void SegmentAppender::run(std::span<LogRequest* const> batch) {
  if (failure_ && clock_.monotonic_ns() < retry_at_ns_) {
    for (LogRequest* request : batch) request->result = fail(*failure_);
    return;
  }
  begin(batch);
  const std::size_t head_bytes = buffer_.size();
  for (LogRequest* request : batch) request->result = admit(*request);
  if (buffer_.size() > head_bytes) {
    if (Result<> written = write(); written) {
      publish();
      instruments_.batch_requests.record(static_cast<double>(batch.size()));
    } else {
      give_up(written.error());
      // Also the refusals: they may rest on a seal of this batch that did not become durable.
      for (LogRequest* request : batch) request->result = fail(*failure_);
    }
  }
  if (buffer_.capacity() > kKeptBufferBytes) Bytes().swap(buffer_);
}

void SegmentAppender::begin(std::span<LogRequest* const> batch) {
  buffer_.clear();
  pending_.clear();
  placed_.clear();
  stated_.clear();
  fresh_.reset();
  truncated_ = false;
  std::uint64_t bytes = 0;
  for (const LogRequest* request : batch) bytes += request->size_bytes;
  if (active_ && (end_ <= kSegmentHeaderBytes || end_ + bytes <= options_.segment_bytes)) {
    write_at_ = end_;
    tag_ = active_->tag;
    return;
  }
  begin_segment();
}

void SegmentAppender::begin_segment() {
  fresh_ = std::make_shared<Segment>();
  fresh_->number = highest_number_ + 1;
  fresh_->tag = static_cast<std::uint32_t>(options_.random64());
  fresh_->path = options_.directory + "/" + segment_name(fresh_->number);
  write_at_ = 0;
  tag_ = fresh_->tag;
  const auto shards = index_.shards();
  encode_header({.tag = fresh_->tag,
                 .number = fresh_->number,
                 .previous = last_number_,
                 .previous_end = last_end_,
                 .head_end = kSegmentHeaderBytes + shards.size() * kFrameHeaderBytes,
                 .created_ms = clock_.wall_ms(),
                 .log = identity_},
                buffer_);
  for (const auto& [id, shard] : shards) encode_state(id, shard);
}

void SegmentAppender::encode_state(ShardId shard, const SegmentIndex::Shard& state) {
  Frame frame;
  frame.type = FrameType::kState;
  frame.kind = state.damage ? 1 : 0;
  frame.tag = tag_;
  frame.write_at = static_cast<std::uint32_t>(write_at_);
  frame.shard = shard;
  frame.position = state.next;
  frame.epoch = state.epoch;
  frame.sequence = state.first.value;
  encode_frame(frame, buffer_);
}

SegmentIndex::Shard& SegmentAppender::pending(ShardId shard) {
  const auto found = pending_.find(shard.value);
  if (found != pending_.end()) return found->second;
  return pending_.emplace(shard.value, index_.shard(shard)).first->second;
}

Result<Position> SegmentAppender::admit(LogRequest& request) {
  SegmentIndex::Shard& shard = pending(request.shard);
  if (shard.damage) return fail(*shard.damage);
  if (request.kind == LogRequest::Kind::kAppend) return admit_append(request, shard);
  const SegmentIndex::Shard before = shard;
  if (request.kind == LogRequest::Kind::kSeal) {
    TRY_VOID(admit_seal(request, shard));
  } else {
    TRY_VOID(admit_truncate(request, shard));
  }
  if (shard.epoch == before.epoch && shard.first == before.first) return shard.next;
  encode_state(request.shard, shard);
  stated_.push_back({request.shard, shard.epoch, shard.first, shard.next});
  return shard.next;
}

Result<> SegmentAppender::admit_seal(const LogRequest& request, SegmentIndex::Shard& shard) {
  if (request.epoch < shard.epoch) {
    return fail(Code::kFenced, "shard " + std::to_string(request.shard.value) + " is at epoch " +
                                   std::to_string(shard.epoch.value) + ", the seal at " +
                                   std::to_string(request.epoch.value));
  }
  shard.epoch = request.epoch;
  return {};
}

Result<> SegmentAppender::admit_truncate(const LogRequest& request, SegmentIndex::Shard& shard) {
  if (request.keep_from > shard.next) {
    return fail(Error{Code::kInvalidArgument,
                      "shard " + std::to_string(request.shard.value) + " has no such position to keep from",
                      {{"field", "keep_from"},
                       {"limit", std::to_string(shard.next.value)},
                       {"value", std::to_string(request.keep_from.value)}}});
  }
  if (request.keep_from <= shard.first) return {};
  shard.first = request.keep_from;
  truncated_ = true;
  return {};
}

Result<Position> SegmentAppender::admit_append(const LogRequest& request, SegmentIndex::Shard& shard) {
  if (request.epoch != shard.epoch) {
    const std::string what = "shard " + std::to_string(request.shard.value) + " is at epoch " +
                             std::to_string(shard.epoch.value) + ", the append at " +
                             std::to_string(request.epoch.value);
    if (request.epoch < shard.epoch) return fail(Code::kFenced, what);
    return fail(Code::kInvalidArgument, what + ": seal first");
  }
  const Position first = shard.next;
  Frame frame;
  frame.tag = tag_;
  frame.write_at = static_cast<std::uint32_t>(write_at_);
  frame.shard = request.shard;
  frame.epoch = request.epoch;
  frame.following = static_cast<std::uint32_t>(request.records.size());
  for (const LogRecord& record : request.records) {
    frame.kind = record.kind;
    frame.following -= 1;
    frame.position = shard.next;
    frame.time = record.time;
    frame.sequence = record.sequence;
    frame.stream = record.stream;
    frame.principal = record.principal;
    frame.client = record.client;
    frame.payload = *record.payload;
    const std::uint64_t begin = write_at_ + buffer_.size();
    encode_frame(frame, buffer_);
    placed_.push_back({request.shard, shard.next, static_cast<std::uint32_t>(begin),
                       static_cast<std::uint32_t>(write_at_ + buffer_.size())});
    shard.next.value += 1;
  }
  return first;
}

Result<> SegmentAppender::write() {
  if (fresh_) return write_new_segment();
  allocate();
  TRY_VOID(write_all(*active_->file, write_at_, buffer_));
  return sync(*active_->file);
}

Result<> SegmentAppender::write_new_segment() {
  highest_number_ = fresh_->number;
  TRY(fresh_->file, files_.open(fresh_->path, OpenMode::kCreate));
  Result<> written = [this]() -> Result<> {
    allocated_ = 0;
    active_ = fresh_;
    allocate();
    TRY_VOID(write_all(*fresh_->file, 0, buffer_));
    TRY_VOID(sync(*fresh_->file));
    return files_.sync_directory(options_.directory);
  }();
  if (!written) {
    active_.reset();
    // Should it stay for now, the next one's header passes it over.
    if (!files_.remove(fresh_->path)) passed_.push_back(fresh_);
    return written;
  }
  // Of the segment before only what was reserved goes; that this fails, or is not durable, does no harm.
  if (last_) {
    if (Result<> cut = last_->file->truncate(last_end_); !cut)
      logger_.warn("log: space reserved in a full segment stays", {{"reason", cut.error().message}});
  }
  index_.add_segment(fresh_);
  last_number_ = fresh_->number;
  return {};
}

Result<> SegmentAppender::sync(File& file) {
  const std::int64_t began = clock_.monotonic_ns();
  TRY_VOID(file.sync());
  instruments_.sync_seconds.record(static_cast<double>(clock_.monotonic_ns() - began) * 1e-9);
  return {};
}

void SegmentAppender::allocate() {
  const std::uint64_t need = write_at_ + buffer_.size();
  if (need <= allocated_ || options_.allocate_bytes == 0) return;
  const std::uint64_t want = need + options_.allocate_bytes;
  // Without space for the step, or where the file system cannot, the write itself tells.
  allocated_ = active_->file->allocate(write_at_, want - write_at_) ? want : need;
}

void SegmentAppender::publish() {
  end_ = write_at_ + buffer_.size();
  last_end_ = end_;
  last_ = active_;
  index_.publish(*active_, placed_, stated_);
  index_.set_end(active_->number, end_);
  if (failure_) logger_.info("log: takes writes again", {{"file", active_->path}});
  failure_.reset();
  instruments_.writable.set(1);
  instruments_.written_bytes.add(buffer_.size());
  instruments_.batch_bytes.record(static_cast<double>(buffer_.size()));
  instruments_.records.add(placed_.size());
  if (truncated_) remove_passed();
  instruments_.segments.set(static_cast<std::int64_t>(index_.segment_count()));
}

void SegmentAppender::give_up(const Error& error) {
  if (!failure_) logger_.error("log: a write failed; the segment is given up", {{"reason", error.message}});
  active_.reset();
  failure_ = Error{Code::kUnavailable, "the log cannot write: " + error.message, error.context};
  retry_at_ns_ = clock_.monotonic_ns() + kRetryMs * 1'000'000;
  instruments_.failures.add();
  instruments_.writable.set(0);
}

void SegmentAppender::remove_passed() {
  std::ranges::move(index_.take_passed(active_->number), std::back_inserter(passed_));
  while (!passed_.empty()) {
    const std::string& path = passed_.front()->path;
    Result<> removed = files_.remove(path);
    if (!removed && removed.error().code == Code::kNotFound) removed = {};
    // One at a time and in order: a crash must not bring back an older segment without its successor.
    if (removed) removed = files_.sync_directory(options_.directory);
    if (!removed) {
      logger_.warn("log: a segment that is not needed stays for now", {{"reason", removed.error().message}});
      return;
    }
    logger_.info("log: removed a segment", {{"file", path}});
    passed_.pop_front();
  }
}

void SegmentAppender::close() {
  if (!active_) return;
  begin({});
  if (fresh_) return;
  for (const auto& [id, shard] : index_.shards()) encode_state(id, shard);
  Frame frame;
  frame.type = FrameType::kEnd;
  frame.tag = tag_;
  frame.write_at = static_cast<std::uint32_t>(write_at_);
  encode_frame(frame, buffer_);
  if (Result<> written = write(); !written) {
    logger_.warn("log: could not mark a clean shutdown", {{"reason", written.error().message}});
    return;
  }
  if (Result<> cut = active_->file->truncate(write_at_ + buffer_.size()); !cut)
    logger_.warn("log: space reserved in the last segment stays", {{"reason", cut.error().message}});
}

}  // namespace concord::engines
