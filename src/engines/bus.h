#pragma once
// The `bus` port: publish/subscribe at most once, expiring keys, counters. A hint, never the truth: who misses a message
// repairs the gap from the log's positions. Any reactor.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

/// Ends the subscription when destroyed; the callback does not run after that.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;
  virtual Task<> publish(std::string channel, SharedBytes message) = 0;
  /// Calls back for each message, in the order of one publisher, from any thread.
  using OnMessage = std::function<void(const SharedBytes&)>;
  virtual Task<std::unique_ptr<Subscription>> subscribe(std::string channel, OnMessage on_message) = 0;

  virtual Task<> set(std::string key, Bytes value, std::int64_t ttl_ms) = 0;
  virtual Task<std::optional<Bytes>> get(std::string key) = 0;
  virtual Task<> erase(std::string key) = 0;
  struct Pair {
    std::string key;
    Bytes value;
  };
  /// Live keys with this prefix, at most `limit`.
  virtual Task<std::vector<Pair>> list(std::string prefix, std::size_t limit) = 0;
  /// Adds to a counter that expires `ttl_ms` after its first addition; returns the sum.
  virtual Task<std::int64_t> add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) = 0;
};

}  // namespace concord::engines
