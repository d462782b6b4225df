#pragma once
// Writes the log: many requests become one write and one sync. One thread; no clock, thread or randomness of its own,
// so that a simulation can run it step by step.
//
// A write or sync that fails makes the rest of its segment doubtful: what is on disk behind the last success is not
// known, and no later sync can tell. So the segment is given up, never synced again; the next request begins a new one,
// whose header says where the old one ends. Until that succeeds (space returns, the disk answers) every request is
// answered with kUnavailable, and a new attempt is made at most every kRetryMs. What was refused so may nevertheless
// be found after a crash that comes before the next success: a retry must be recognised by (client, sequence).

#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "engines/segment_recovery.h"
#include "engines/suspend.h"

namespace concord::engines {

/// One call on the log. Owned by the caller's coroutine until its `resume` is called.
struct LogRequest {
  enum class Kind : std::uint8_t { kAppend, kSeal, kTruncate };
  Kind kind = Kind::kAppend;
  ShardId shard;
  Epoch epoch;                     // append, seal
  std::vector<LogRecord> records;  // append
  Position keep_from;              // truncate
  std::size_t size_bytes = 0;      // of the frames
  std::int64_t queued_ns = 0;
  Result<Position> result = Position{};  // append: the first record's
  Resume resume;
};

struct SegmentAppenderOptions {
  std::string directory;
  std::uint64_t segment_bytes = 128U << 20U;
  /// A segment grows in steps of this size, so that a sync seldom has to write the file's size too.
  std::uint64_t allocate_bytes = 8U << 20U;
  std::function<std::uint64_t()> random64;
};

class SegmentAppender {
 public:
  static constexpr std::int64_t kRetryMs = 100;

  /// Goes on where recovery ended. The references outlive it.
  SegmentAppender(FileSystem& files, SegmentAppenderOptions options, SegmentIndex& index, const RecoveredLog& recovered,
                  Clock& clock, Logger logger, Metrics& metrics);

  /// Carries out the requests in order, in one durable write, and sets each one's result.
  void run(std::span<LogRequest* const> batch);
  /// Of this log and no other; the same in all its segments.
  const LogIdentity& identity() const { return identity_; }
  /// Marks a clean shutdown. Nothing is run after it.
  void close();

 private:
  struct Instruments {
    explicit Instruments(Metrics& metrics);
    Histogram& sync_seconds;
    Histogram& batch_requests;
    Histogram& batch_bytes;
    Counter& written_bytes;
    Counter& records;
    Counter& failures;
    Gauge& segments;
    Gauge& writable;
  };

  void begin(std::span<LogRequest* const> batch);
  void begin_segment();
  Result<Position> admit(LogRequest& request);
  static Result<> admit_seal(const LogRequest& request, SegmentIndex::Shard& shard);
  Result<> admit_truncate(const LogRequest& request, SegmentIndex::Shard& shard);
  Result<Position> admit_append(const LogRequest& request, SegmentIndex::Shard& shard);
  SegmentIndex::Shard& pending(ShardId shard);
  void encode_state(ShardId shard, const SegmentIndex::Shard& state);
  Result<> write();
  Result<> write_new_segment();
  Result<> sync(File& file);
  void allocate();
  void publish();
  void give_up(const Error& error);
  void remove_passed();

  FileSystem& files_;
  SegmentAppenderOptions options_;
  SegmentIndex& index_;
  Clock& clock_;
  Logger logger_;
  Instruments instruments_;

  std::shared_ptr<const Segment> active_;  // null: the next write begins a segment
  std::uint64_t end_ = 0;                  // of active_: durable so far
  std::uint64_t allocated_ = 0;
  std::shared_ptr<const Segment> last_;  // the newest with durable content; its end is last_end_
  std::uint32_t last_number_ = 0;
  std::uint64_t last_end_ = 0;
  std::uint32_t highest_number_ = 0;
  LogIdentity identity_{};
  std::deque<std::shared_ptr<const Segment>> passed_;  // not needed any more, and still there
  std::optional<Error> failure_;                       // of the last write
  std::int64_t retry_at_ns_ = 0;

  // The batch in hand.
  Bytes buffer_;
  std::uint64_t write_at_ = 0;      // offset of the buffer in its segment
  std::shared_ptr<Segment> fresh_;  // the segment the batch begins
  std::uint32_t tag_ = 0;
  std::unordered_map<std::uint32_t, SegmentIndex::Shard> pending_;  // as it will be once the batch is durable
  std::vector<SegmentIndex::Placed> placed_;
  std::vector<SegmentIndex::Stated> stated_;
  bool truncated_ = false;
};

}  // namespace concord::engines
