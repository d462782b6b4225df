#pragma once
// The `cache` port on Redis, from version 7 on, a single server or a Cluster: a string NS/cache/<key> for each value
// (NS as redis_bus.h has it), which expires a while after its last use. How much there may be altogether is the
// server's `maxmemory`, and what goes first its policy. It has connections and a thread of its own, so that large
// values hold up nobody who is present, and short deadlines.

#include <memory>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/cache.h"
#include "redis/options.h"

namespace concord::redis {

struct CacheOptions {
  std::int64_t keep_ms = 86'400'000;         // since the last use
  std::size_t max_value_bytes = 1U << 20U;   // at most 32 MiB
  std::int64_t wait_ms = 250;                // for an answer
  std::size_t max_unsent_bytes = 64U << 20;  // of values that are on their way; more are dropped
  std::int64_t full_ms = 60'000;             // after the server was full, nothing is put for so long
};

/// Begins to connect, and does not wait for it. `options` are of the bus; its deadlines are not used. What is passed by
/// reference outlives the cache. Fails as open_redis_bus.
Result<std::unique_ptr<engines::Cache>> open_redis_cache(RedisOptions options, CacheOptions cache, Clock& clock,
                                                         IdSource& ids, Logger logger, Metrics& metrics);

}  // namespace concord::redis
