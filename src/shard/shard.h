#pragma once
// A log and the state machines that consume it; exactly one owner at an epoch.
// Life: own (lease, epoch) → recover (seal the log, replay the tail) → serve (append, then whoever appended
// acknowledges, applies and publishes) → drain, and perhaps once more. Lives on one reactor; everything here is called
// there.
// It writes until its lease is about to end by its own monotonic clock, and not beyond. Where the process stood still
// for longer, it takes the lease again, and goes on with what it has in memory if the log shows that nobody has written
// in between; otherwise the shard is lost. In the same way it learns what became of an append whose answer was lost,
// before it appends anything else: what is in memory is always what the log has.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/async.h"
#include "base/log.h"
#include "engines/coordination.h"
#include "shard/shard_limits.h"
#include "shard/shard_metrics.h"
#include "shard/slot_table.h"
#include "shard/state_machine.h"
#include "shard/unsnapshotted.h"
#include "shard/write_memory.h"

namespace concord::shard {

using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;

class Shard {
 public:
  enum class State : std::uint8_t { kIdle, kRecovering, kServing, kDraining, kStopped, kLost };

  Shard(ShardId id, std::string node, Reactor& reactor, engines::Log& log, engines::Coordination& coordination,
        SlotTable& slots, ShardLimits limits, Clock& clock, ShardMetrics& metrics, const Logger& logger);
  ShardId id() const { return id_; }
  Reactor& reactor() const { return reactor_; }
  /// Any thread.
  State state() const { return state_.load(std::memory_order_relaxed); }
  /// Any thread. False from an append that the log could not write until one succeeds; it tries by itself.
  bool writable() const { return writable_.load(std::memory_order_relaxed); }
  /// Any thread. False while its lease may have ended: another node may own the shard, and what is read here be stale.
  bool surely_owns() const { return time_.monotonic_ns() < owned_until_ns_.load(std::memory_order_relaxed); }
  /// Takes ownership, seals the log, learns which slots are its, replays the tail into `machine`, then serves. At
  /// first, and after `drain`; where it fails the ownership is given back. kConflict while another node has it.
  Task<> start(StateMachine& machine);
  struct Appended {
    Position position;
    bool repeated = false;  // the record's (client, sequence) was in the log already; it is not there again
  };
  using Done = std::move_only_function<void(Result<Appended>)>;
  /// Queues one record. `done` runs on this reactor, in the order of the calls, once it is durable or was refused:
  /// kUnavailable (queue full, draining, engine away, slot moves: try again, as the same client and sequence), kFenced.
  void append(LogRecord record, Done done);
  /// Whether this write, or a later one of its client, is in the log, as far as write_memory.h remembers.
  bool has_written(const std::string& stream, const std::string& client, std::uint64_t sequence) const;
  /// `done` runs after every append queued before has been answered.
  void barrier(std::move_only_function<void()> done);
  SlotTable& slots() const { return slots_; }
  bool has(const std::string& stream) const;                  // by the table
  Epoch epoch() const { return ownership_.epoch; }            // while serving
  bool is_sure() const;                                       // serves, and knows all that the log has
  Position next() const { return Position{next_position_}; }  // behind the last record that is known
  bool needs_log(SlotRange slots) const;                      // for what no snapshot holds
  HybridTime now() { return clock_.now(); }                   // for a record appended now
  bool has_reached(Position position) const { return position.value < next_position_; }  // the log has
  /// A snapshot of `stream` holds everything up to `through`: its log up to there is expendable.
  void snapshotted(const std::string& stream, Position through);
  /// Lets the log forget what all snapshots have; done every third of a lease, and at the end.
  asio::awaitable<void> truncate_passed();
  /// Answers what is queued, gives the ownership back, stops. Appends are refused from the call on.
  asio::awaitable<void> drain();

 private:
  struct Pending {
    std::optional<LogRecord> record;  // none: a barrier
    Done done;
    std::optional<Position> known{};  // the record is in the log already
    bool moved = false;               // it is not this shard's any more
  };
  struct Batch {
    std::vector<Pending> pending;
    std::vector<LogRecord> records;
    std::size_t bytes = 0;
  };
  bool takes(const std::string& stream) const;
  void enter(State state);
  void begin_anew();
  Task<> recover();
  Task<> replay_tail();
  Task<std::uint64_t> take_in(Position end);
  asio::awaitable<void> give_back();
  Batch take_batch();
  void answer(Batch& batch, const Result<Position>& first);
  asio::awaitable<void> commit();
  asio::awaitable<void> maintain();
  asio::awaitable<void> renew();
  void owns_until(std::int64_t expires_ns);
  asio::awaitable<void> make_sure();
  asio::awaitable<void> regain();
  Task<Position> write(std::vector<LogRecord> records);
  Task<> resume_at(engines::Ownership taken);
  bool is_own(Epoch epoch) const;
  void probe();
  void enqueue(Pending pending);
  void start_committing();
  static std::size_t size_of(const LogRecord& record);
  ShardId id_;
  std::string node_;
  Reactor& reactor_;
  engines::Log& log_;
  engines::Coordination& coordination_;
  SlotTable& slots_;
  ShardLimits limits_;
  HybridClock clock_;
  Clock& time_;
  ShardMetrics& metrics_;
  std::optional<ShardCounts> counts_;  // of one that a hub need not have, once it was started
  Logger logger_;
  TaskScope tasks_;
  AsyncEvent idle_;

  std::atomic<State> state_ = State::kIdle;  // written on the reactor, read by health checks
  std::atomic<bool> writable_ = true;        // likewise
  bool probing_ = false;
  bool lapsed_ = false;          // the lease has ended, and it is not known yet who owns the shard now
  std::optional<Error> unsure_;  // why the log may have more than is known here: an append was not answered
  std::int64_t regain_at_ns_ = 0;
  std::vector<Epoch> tried_;  // at which the log may have been sealed for us since
  StateMachine* machine_ = nullptr;
  engines::Ownership ownership_;
  std::atomic<std::int64_t> owned_until_ns_ = 0;  // monotonic: before the lease can end; written on the reactor
  std::deque<Pending> queue_;
  std::size_t queued_bytes_ = 0;
  bool committing_ = false;

  WriteMemory writes_;
  Unsnapshotted unsnapshotted_;
  std::uint64_t next_position_ = 1;
  std::uint64_t truncated_to_ = 0;
};

}  // namespace concord::shard
