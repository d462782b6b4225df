#include "archive/restored_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace concord::archive {

namespace {

constexpr std::size_t kBatchBytes = 4U << 20U;

using engines::Frame;
using engines::LogRecord;
using engines::LogRequest;
using engines::Position;
using engines::SegmentIndex;
using engines::ShardId;

class LogWriter {
 public:
  LogWriter(engines::FileSystem& files, const ArchivedLog& from, RestoredLogOptions options, Clock& clock,
            RestoreReport& report)
      : from_(from),
        options_(std::move(options)),
        appender_(files, options_.log, index_, engines::RecoveredLog{}, clock, Logger(), metrics_),
        report_(report) {}

  Result<> run() {
    TRY_VOID(find_begins());
    TRY_VOID(begin_shards());
    TRY_VOID(from_.visit([this](const Frame& frame) { return take(frame); }));
    for (auto& one : shards_) TRY_VOID(stand_in(one.second, one.second.end));
    TRY_VOID(flush());
    appender_.close();
    return {};
  }

 private:
  struct Shard {
    std::uint64_t next = 0;  // position of the next record written
    std::uint64_t end = 0;   // where the numbering goes on
    std::uint64_t last = 0;  // the last record of the archive that counts
    std::vector<LogRecord> batch;
  };

  bool counts(const Frame& frame, const Shard& shard) const {
    return frame.position.value <= shard.last && !frame.stream.empty() && options_.wanted(frame.stream) &&
           frame.position.value > options_.held(frame.stream);
  }

  Result<> find_begins() {
    for (const auto& [id, archived] : from_.shards()) {
      Shard& shard = shards_[id];
      shard.last = archived.next - 1;
      if (options_.cut) shard.last = archived.cut != 0 ? archived.cut : std::max<std::uint64_t>(archived.begin, 1) - 1;
      shard.end = std::max(shard.last, options_.greatest(id)) + 1;
    }
    TRY_VOID(from_.visit([this](const Frame& frame) -> Result<> {
      Shard& shard = shards_[frame.shard.value];
      if (shard.next == 0 && counts(frame, shard)) shard.next = frame.position.value;
      return {};
    }));
    for (auto& [id, shard] : shards_) {
      if (shard.next == 0) shard.next = shard.end;
      tell_gaps(id, shard);
    }
    return {};
  }

  /// What lies before `kept` is in the hub's snapshots, and so in the archive's.
  void tell_gaps(std::uint32_t id, const Shard& shard) {
    const ArchivedLog::Shard& archived = from_.shards().at(id);
    for (const auto& [from, to] : archived.gaps) {
      const std::uint64_t until = std::min(to, shard.last + 1);
      if (until <= archived.kept || from >= until) continue;
      report_.add_damage(fmt::format("shard {}: the records {} to {} are missing", id, from, until - 1));
    }
  }

  Result<> begin_shards() {
    const engines::Segment none;
    for (const auto& [id, shard] : shards_) {
      const SegmentIndex::Stated stated{ShardId{id}, engines::Epoch{0}, Position{1}, Position{shard.next}};
      index_.publish(none, {}, {&stated, 1});
    }
    for (const auto& [id, shard] : shards_) {
      if (shard.next == 1) continue;
      LogRequest request;
      request.kind = LogRequest::Kind::kTruncate;
      request.shard = ShardId{id};
      request.keep_from = Position{shard.next};
      request.size_bytes = engines::kFrameHeaderBytes;
      LogRequest* const one = &request;
      appender_.run({&one, 1});
      TRY_VOID(request.result);
    }
    return {};
  }

  Result<> take(const Frame& frame) {
    Shard& shard = shards_.at(frame.shard.value);
    if (frame.position.value < shard.next || !counts(frame, shard)) return {};
    TRY_VOID(stand_in(shard, frame.position.value));
    ++report_.records;
    return add(shard, engines::record_of(frame));
  }

  Result<> stand_in(Shard& shard, std::uint64_t until) {
    while (shard.next < until) {
      LogRecord record;
      record.payload = empty_;
      ++report_.stand_ins;
      TRY_VOID(add(shard, std::move(record)));
    }
    return {};
  }

  Result<> add(Shard& shard, LogRecord record) {
    batch_bytes_ += engines::kFrameHeaderBytes + 3 * engines::kMaxLogTextBytes + record.payload->size();
    shard.batch.push_back(std::move(record));
    ++shard.next;
    return batch_bytes_ < kBatchBytes ? Result<>() : flush();
  }

  Result<> flush() {
    std::vector<LogRequest> requests;
    requests.reserve(shards_.size());
    for (auto& [id, shard] : shards_) {
      if (shard.batch.empty()) continue;
      LogRequest request;
      request.shard = ShardId{id};
      request.records = std::exchange(shard.batch, {});
      requests.push_back(std::move(request));
    }
    if (!requests.empty()) requests.front().size_bytes = batch_bytes_;  // together they begin a segment, or do not
    batch_bytes_ = 0;
    std::vector<LogRequest*> all;
    all.reserve(requests.size());
    for (LogRequest& request : requests) all.push_back(&request);
    if (all.empty()) return {};
    appender_.run(all);
    for (const LogRequest& request : requests) TRY_VOID(request.result);
    return {};
  }

  const ArchivedLog& from_;
  RestoredLogOptions options_;
  Metrics metrics_;
  SegmentIndex index_;
  engines::SegmentAppender appender_;
  RestoreReport& report_;
  std::map<std::uint32_t, Shard> shards_;
  std::size_t batch_bytes_ = 0;
  SharedBytes empty_ = std::make_shared<const Bytes>();
};

}  // namespace

Result<> write_restored_log(engines::FileSystem& files, const ArchivedLog& from, RestoredLogOptions options,
                            Clock& clock, RestoreReport& report) {
  TRY_VOID(engines::make_directories(files, options.log.directory));
  return LogWriter(files, from, std::move(options), clock, report).run();
}

}  // namespace concord::archive
