#pragma once
// All shards of a node, and which one a slot belongs to. The number of shards is fixed for a hub (slots are dealt out
// in equal ranges), so that a hub moved to a machine with more cores finds its records again; reactors share the
// shards.

#include <memory>
#include <vector>

#include "base/id.h"
#include "shard/shard.h"

namespace concord::shard {

constexpr std::uint32_t kShards = 16;

constexpr ShardId shard_of(Slot slot) { return ShardId{slot.value / (kSlots / kShards)}; }

class Shards {
 public:
  Shards(const std::string& node, Reactors& reactors, engines::Log& log, engines::Coordination& coordination,
         ShardLimits limits, Clock& clock, Metrics& metrics, const Logger& logger);

  Shard& of(Slot slot) { return *shards_[shard_of(slot).value]; }
  Shard& at(std::size_t index) { return *shards_[index]; }
  std::size_t size() const { return shards_.size(); }

 private:
  ShardMetrics metrics_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace concord::shard
