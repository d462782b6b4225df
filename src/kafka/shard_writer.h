#pragma once
// The appends of one shard: gathered into batches, sent, and answered once the batch was read back and counts. On the
// driver's reactor.
//
// Before its first batch, and whenever it is not known what became of one, it writes a seal with a number of its own:
// once that is read back, whatever was sent before has come or never will. What has not is sent again.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "kafka/shard_view.h"

namespace concord::kafka {

class ShardWriter {
 public:
  ShardWriter(ShardView& view, LogParts& parts);

  Task<> seal(engines::Epoch epoch, std::int64_t deadline_ns);
  /// The records have been checked; `epoch` is the shard's.
  Task<engines::Position> append(engines::Epoch epoch, std::vector<engines::LogRecord> records,
                                 std::int64_t deadline_ns);
  /// What the view tells.
  void judged(const Frame& frame, EpochFilter::Verdict verdict);
  void lost();
  /// Answers who waits.
  void close();

 private:
  struct Call {
    explicit Call(Reactor& reactor) : answered(reactor) {}
    Bytes encoded;
    std::uint32_t records = 0;
    engines::Epoch epoch;
    std::optional<Result<engines::Position>> result;
    AsyncEvent answered;
  };
  using SharedCall = std::shared_ptr<Call>;  // of who waits for it and of the queue or the batch
  struct Batch {
    engines::Epoch epoch;
    WriterId writer;
    engines::Position first;
    std::vector<SharedCall> calls;
    std::size_t unconfirmed = 0;  // parts
    bool counts = false;
    bool failed = false;
  };
  struct Claim {
    WriterId writer;
    std::optional<bool> counts;
    std::optional<Result<>> delivered;
  };

  Task<> claim(engines::Epoch epoch, std::int64_t deadline_ns);
  Task<bool> try_claim(engines::Epoch epoch, std::int64_t deadline_ns);
  void claimed(engines::Epoch epoch, WriterId writer);
  void start_sending();
  static asio::awaitable<void> send_loop(ShardWriter& writer);
  bool has_work() const;
  void send_batch();
  std::vector<SharedCall> take_calls();
  void send_parts(const std::shared_ptr<Batch>& batch, ByteView body, std::uint32_t records);
  void part_delivered(const std::shared_ptr<Batch>& batch, const Result<std::int64_t>& delivered);
  void finish(const std::shared_ptr<Batch>& batch);
  void foreign_seal(engines::Epoch epoch);
  void fence_older(engines::Epoch than);
  void answer(Call& call, Result<engines::Position> result);
  void answer_all(const Error& error);
  void forget_unasked();

  ShardView& view_;
  LogParts& parts_;
  std::deque<SharedCall> queue_;
  std::deque<std::shared_ptr<Batch>> in_flight_;  // shared with the reports to come
  std::shared_ptr<Claim> claim_;                  // under way; shared with its report
  engines::Epoch epoch_;
  WriterId writer_;
  engines::Position next_;  // of the next batch
  bool live_ = false;       // `writer_` is the one whose batches count, as far as is known
  bool sending_ = false;
  AsyncMutex claiming_;
  AsyncEvent changed_;
};

}  // namespace concord::kafka
