#pragma once
// The `bus` port on Redis, from version 7 on, a single server or a Cluster.
//
// A message goes by PUBLISH to a single server and by SPUBLISH, to the owner of its channel's slot, in a Cluster: no
// node gets what nobody there listens to. One larger than the server's client-output-buffer-limit for pubsub (32 MB by
// default) is not delivered, and costs the subscriber its connection for a moment.
//
// Names on the server, where NS is the options' namespace and, except 0, the database's number:
//
//   NS/channel/<channel>                     a channel
//   NS/counter/<counter>                     a counter: a number that expires
//   NS/tokens/<bucket>                       a bucket of tokens: a hash that expires once it is full
//   {NS/<bucket>}/names, /times, /values     the keys of one of 128 buckets, as script.cpp has them
//
// A key's bucket is chosen by its part up to the second slash, by all of it where it has not so many; so a prefix with
// two slashes (`presence/<document>/`) is in one bucket, and listed in one call with the cost of what is found. A
// shorter prefix asks every bucket. Losing Redis loses what is in it: the bus is a hint.
//
// The driver has a thread for its sockets and one that calls subscribers back.

#include <memory>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/bus.h"
#include "redis/options.h"

namespace concord::redis {

/// Begins to connect, and does not wait for it: while the server is away, calls fail with kUnavailable. What is passed
/// by reference outlives the bus; subscriptions may outlive it. Destroying it ends the calls under way with
/// kUnavailable. Not from one of its callbacks. kInvalidArgument where the options name no server, or authorities that
/// do not load.
Result<std::unique_ptr<engines::Bus>> open_redis_bus(RedisOptions options, Clock& clock, IdSource& ids, Logger logger,
                                                     Metrics& metrics);

}  // namespace concord::redis
