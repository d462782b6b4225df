#pragma once
// Splits a shard: some of its slots become another one, which has a log of its own. Nothing is copied: snapshots and
// history lie where they did (`home_of`), and the new log's positions go on behind the old one's (based_log.h).
//
// It happens where the shard is owned. First what the log has of these slots is snapshotted while all goes on; then
// they are closed, so that nothing of them is written, and what has come meanwhile is snapshotted; then the map is
// changed, at the owner's epoch. Before that nothing has happened, whatever fails; after it any node can own the new
// shard. Whether it happened the map alone tells: where the answer is lost the slots stay closed until that is known.

#include <optional>

#include "base/clock.h"
#include "shard/shard.h"

namespace concord::shard {

/// A state machine that can let some of its streams go. On the shard's reactor.
class SplitMachine : public StateMachine {
 public:
  /// Snapshots what the log has of these slots, as far as that can be done in the time.
  virtual asio::awaitable<void> settle(SlotRange slots, std::int64_t deadline_ms) = 0;
  /// The slots are closed, and what was written is answered: whoever is connected to what lies there is to leave.
  virtual void closed(SlotRange slots) = 0;
};

struct SplitLimits {
  std::int64_t open_ms = 60'000;   // for snapshots while all goes on
  std::int64_t closed_ms = 5'000;  // while writes to the slots are refused
};

/// `from` is the first slot of the new shard; where none is named, the middle one. The new shard, which nobody owns
/// yet. On the shard's reactor. kInvalidArgument and kTooLarge as ShardMap::split; kConflict while it is being split,
/// or another shard was meanwhile; kUnavailable where this node does not serve it, it did not come to rest in time, or
/// an engine is away: try again.
Task<engines::ShardId> split(Shard& shard, SplitMachine& machine, std::optional<Slot> from, SplitLimits limits);

}  // namespace concord::shard
