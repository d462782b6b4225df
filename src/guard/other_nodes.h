#pragma once
// What the guard shares with the other nodes of its hub: the rates, and what it sees and locks.

#include "guard/relay.h"
#include "guard/shared_buckets.h"

namespace concord::guard {

class OtherNodes {
 public:
  OtherNodes(engines::Bus& bus, Reactor& reactor, IdSource& ids, Metrics& metrics)
      : buckets_(bus, reactor, metrics), relay_(bus, reactor, ids, metrics) {}

  SharedBuckets& buckets() { return buckets_; }
  Relay& relay() { return relay_; }
  /// On the reactor, before whoever uses them ends.
  asio::awaitable<void> close() {
    co_await relay_.close();
    co_await buckets_.close();
  }

 private:
  SharedBuckets buckets_;
  Relay relay_;
};

}  // namespace concord::guard
