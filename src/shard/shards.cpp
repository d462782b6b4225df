#include "shard/shards.h"

namespace concord::shard {

Shards::Shards(const std::string& node, Reactors& reactors, engines::Log& log, engines::Coordination& coordination,
               ShardLimits limits, Clock& clock, Metrics& metrics, const Logger& logger)
    : metrics_(metrics) {
  for (std::uint32_t i = 0; i < kShards; ++i) {
    shards_.push_back(std::make_unique<Shard>(ShardId{i}, node, reactors.at(i % reactors.size()), log, coordination,
                                              limits, clock, metrics_, logger));
  }
}

}  // namespace concord::shard
