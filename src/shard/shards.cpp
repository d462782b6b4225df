#include "shard/shards.h"

namespace concord::shard {

Shards::Shards(const std::string& node, Reactors& reactors, engines::Log& log, engines::Coordination& coordination,
               ShardMaps& maps, ShardLimits limits, Clock& clock, Metrics& metrics, const Logger& logger)
    : slots_(maps), log_(log, slots_), metrics_(metrics) {
  for (std::uint32_t i = 0; i < kMostShards; ++i) {
    shards_.push_back(std::make_unique<Shard>(ShardId{i}, node, reactors.at(i % reactors.size()), log_, coordination,
                                              slots_, limits, clock, metrics_, logger));
  }
}

}  // namespace concord::shard
