#pragma once
// Buckets that all nodes of a hub take from, on the bus. No request waits for one: a node takes from a bucket of its
// own (rate_limiter.h), tells this one afterwards what it has taken, a batch at a time, and learns what is left there.
// While the bus is away its own bucket decides alone.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/async.h"
#include "base/metrics.h"
#include "engines/bus.h"

namespace concord::guard {

class SharedBuckets {
 public:
  static constexpr std::size_t kMostUnderWay = 256;  // past it a node's own buckets decide for a moment

  /// What is passed by reference outlives it.
  SharedBuckets(engines::Bus& bus, Reactor& reactor, Metrics& metrics);

  using Answered = std::move_only_function<void(std::optional<std::int64_t> left)>;
  /// So many were taken here. `answered` is called with what is left, below 0 where too many were taken; with nullopt
  /// where that cannot be told, and then they are not counted. Any thread; it is called on the reactor, or here.
  void took(std::string bucket, std::int64_t tokens, engines::Bus::Filling filling, Answered answered);

  /// Ends what is under way; on the reactor. Nothing is told from then on. Before those that asked end.
  asio::awaitable<void> close();

 private:
  asio::awaitable<void> tell(std::string bucket, std::int64_t tokens, engines::Bus::Filling filling, Answered answered);

  engines::Bus& bus_;
  Reactor& reactor_;
  Counter &told_, &failed_;
  TaskScope tasks_;
  AsyncEvent ended_;
  std::atomic<std::size_t> under_way_ = 0;
  std::atomic<bool> closed_ = false;
};

}  // namespace concord::guard
