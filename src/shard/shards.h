#pragma once
// All shards that a node can have, and which one a slot belongs to. The slots of a hub are in ranges (shard_map.h),
// which do not depend on the machine, so that a hub moved to one with more cores finds its records again; reactors
// share the shards. Those that the hub does not have yet are never started.

#include <memory>
#include <vector>

#include "base/id.h"
#include "shard/based_log.h"
#include "shard/shard.h"
#include "shard/slot_table.h"

namespace concord::shard {

class Shards {
 public:
  Shards(const std::string& node, Reactors& reactors, engines::Log& log, engines::Coordination& coordination,
         ShardMaps& maps, ShardLimits limits, Clock& clock, Metrics& metrics, const Logger& logger);

  Shard& at(std::size_t index) { return *shards_[index]; }
  /// How many there can be; how many there are the table knows.
  std::size_t most() const { return shards_.size(); }
  SlotTable& slots() { return slots_; }
  /// With the positions that snapshots name.
  engines::Log& log() { return log_; }

 private:
  SlotTable slots_;
  BasedLog log_;
  ShardMetrics metrics_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace concord::shard
