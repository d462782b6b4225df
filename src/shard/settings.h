#pragma once
// What can be set about shards.

#include <span>

#include "base/config.h"
#include "shard/shard.h"

namespace concord::shard {

std::span<const Setting> settings();
ShardLimits limits_from(const Config& config);

}  // namespace concord::shard
