#pragma once
// What is counted of Redis.

#include "base/metrics.h"

namespace concord::redis {

struct RedisMetrics {
  explicit RedisMetrics(Metrics& registry)
      : all(registry),
        calls(registry.counter("concord_redis_calls_total", "Calls on Redis.")),
        failures(registry.counter("concord_redis_failures_total", "Calls on Redis that failed.")),
        seconds(registry.histogram("concord_redis_call_seconds", "Time of a call on Redis.", latency_bounds())),
        reconnects(registry.counter("concord_redis_reconnects_total", "Connections to Redis that were lost.")),
        redirections(registry.counter("concord_redis_redirections_total",
                                      "Calls that a node of a Redis Cluster sent to another.")),
        resubscriptions(registry.counter("concord_redis_resubscriptions_total",
                                         "Channels of Redis that were subscribed to again.")),
        channels(registry.gauge("concord_redis_channels", "Channels of Redis that are subscribed to.")),
        published(registry.counter("concord_bus_published_total", "Messages published on the bus.")),
        lost(registry.counter("concord_bus_lost_total", "Messages lost because a subscriber was too slow.")) {}

  Metrics& all;
  Counter& calls;
  Counter& failures;
  Histogram& seconds;
  Counter& reconnects;
  Counter& redirections;
  Counter& resubscriptions;
  Gauge& channels;
  Counter& published;
  Counter& lost;
};

}  // namespace concord::redis
