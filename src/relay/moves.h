#pragma once
// Ends what is on its way to a node that serves a shard no more, soon after another does: a node that stands still, or
// is cut off, does not end it, and its connections are given up only once nothing was heard of it for long. Requests
// are then sent again or answered, and sockets closed, as when a node is gone.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "link/link.h"
#include "relay/places.h"

namespace concord::relay {

struct MoveOptions {
  std::uint32_t shards = 0;
  std::int64_t look_ms = 100;
  std::int64_t grace_ms = 500;  // for answers of a node that has given the shard up in good order
};

/// Lives on one reactor.
class Moves {
 public:
  /// `here` is this node. What is passed outlives it.
  Moves(MoveOptions options, link::NodeName here, link::Links& links, Places places, Reactor& reactor, Clock& clock,
        Metrics& metrics);

  void start() { tasks_.spawn(watch()); }
  asio::awaitable<void> stop() { return tasks_.close(); }

 private:
  /// Of one shard.
  struct Served {
    std::string by;             // the last node that was seen to serve it; empty: none yet
    std::int64_t since_ns = 0;  // it was first seen
    bool left = true;           // what was on its way to others has been ended
  };
  asio::awaitable<void> watch();
  void look(engines::ShardId shard, Served& served);

  const MoveOptions options_;
  const link::NodeName here_;
  link::Links& links_;
  const Places places_;
  Clock& clock_;
  Counter& moves_;
  std::vector<Served> shards_;
  TaskScope tasks_;
};

}  // namespace concord::relay
