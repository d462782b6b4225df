#pragma once
// Keeps the shards that are to be this node's: it works out from the members of the hub which those are, takes them as
// they become free, and hands over those that are another's now. Lives on one reactor and is used there.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/log.h"
#include "engines/coordination.h"
#include "engines/log.h"
#include "shard/membership.h"
#include "shard/slot_table.h"

namespace concord::shard {

/// Runs a shard on this node, from its taking to its end. Called on the keeper's reactor, for a shard one call at a
/// time.
class ShardHost {
 public:
  virtual ~ShardHost() = default;
  /// Takes the ownership, recovers and serves. kConflict while another node has it. What fails leaves nothing behind.
  virtual Task<> take(engines::ShardId shard) = 0;
  /// Whether what was taken is still this node's.
  virtual bool holds(engines::ShardId shard) const = 0;
  /// Ends what was taken: hands it over where it is held, drops it where it was lost.
  virtual asio::awaitable<void> give(engines::ShardId shard) = 0;
};

struct KeeperOptions {
  std::int64_t look_ms = 500;        // how often it looks again without being told
  std::int64_t retry_ms = 50;        // after a shard could not be taken; twice as long each time,
  std::int64_t max_retry_ms = 5000;  // up to this
};

class ShardKeeper {
 public:
  ShardKeeper(KeeperOptions options, const SlotTable& slots, Reactor& reactor, engines::Coordination& coordination,
              Membership& membership, ShardHost& host, Clock& clock, Logger logger);
  ~ShardKeeper();  // stopped, or never started
  ShardKeeper(const ShardKeeper&) = delete;
  ShardKeeper& operator=(const ShardKeeper&) = delete;

  /// After `Membership::join`. From here on shards are taken.
  Task<> start();
  /// The members have changed, or the shards.
  void members_changed() { told_.notify_all(); }
  /// Takes no more, and hands over all there are. After `Membership::leave`, so that others are there to take them.
  asio::awaitable<void> stop();
  /// How many are taken.
  std::size_t count() const;

 private:
  struct Kept {
    bool taken = false;
    bool busy = false;
    std::int64_t wait_ms = 0;  // before it is tried again
    std::int64_t retry_at_ns = 0;
  };
  asio::awaitable<void> run();
  std::int64_t look();
  asio::awaitable<void> take(engines::ShardId shard);
  asio::awaitable<void> give(engines::ShardId shard);
  void freed(const std::string& name);

  KeeperOptions options_;
  const SlotTable& slots_;
  Reactor& reactor_;
  engines::Coordination& coordination_;
  Membership& membership_;
  ShardHost& host_;
  Clock& clock_;
  Logger logger_;
  TaskScope tasks_;
  AsyncEvent told_;
  std::shared_ptr<ShardKeeper*> alive_;  // shared with posts of the watch; null inside once this is gone
  std::unique_ptr<engines::Watch> watch_;
  std::vector<Kept> kept_;
  bool stopping_ = false;
};

}  // namespace concord::shard
