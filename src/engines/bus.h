#pragma once
// The `bus` port: publish/subscribe at most once, expiring keys, counters, token buckets. A hint, never the truth: who
// misses a message repairs the gap from the log's positions. Any reactor; the awaiting coroutine resumes on its own
// executor. Failures: kUnavailable (the engine is away or full), kInvalidArgument (a name, a time to live, null),
// kTooLarge.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

constexpr std::size_t kMaxBusNameBytes = 512;  // of a channel, a key, a counter; at least 1
constexpr std::int64_t kMostBusTokens = 1'000'000'000;
constexpr std::size_t kMaxBusValueBytes = 32U << 20U;  // of a message, a value

/// Ends the subscription when destroyed; the callback does not run after that. May be destroyed from its own callback.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;
  /// Success says that the bus has taken the message, not that anybody received it.
  virtual Task<> publish(std::string channel, SharedBytes message) = 0;
  /// Calls back for each message published after this returned, in the order of one publisher, from any thread, one
  /// call at a time. A subscriber too slow for its channel loses messages. The callback must not block: it posts.
  using OnMessage = std::function<void(const SharedBytes&)>;
  virtual Task<std::unique_ptr<Subscription>> subscribe(std::string channel, OnMessage on_message) = 0;

  /// The key lives `ttl_ms` from now, which is at least 1.
  virtual Task<> set(std::string key, Bytes value, std::int64_t ttl_ms) = 0;
  virtual Task<std::optional<Bytes>> get(std::string key) = 0;
  virtual Task<> erase(std::string key) = 0;
  struct Pair {
    std::string key;
    Bytes value;
  };
  /// Live keys with this prefix, at most `limit`, in no particular order.
  virtual Task<std::vector<Pair>> list(std::string prefix, std::size_t limit) = 0;
  /// Adds to a counter that expires `ttl_ms` after its first addition; returns the sum. Counters and keys do not share
  /// names.
  virtual Task<std::int64_t> add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) = 0;

  /// How fast a bucket of tokens fills, and how many it holds; each from 1 to kMostBusTokens.
  struct Filling {
    std::int64_t per_minute = 1;
    std::int64_t burst = 1;
  };
  /// Takes tokens, at most kMostBusTokens, from a bucket, also where it has fewer: it then owes them, up to another
  /// `burst`. Returns how many whole ones are left, below 0 where it owes. A bucket is full at first, and once it has
  /// filled again is forgotten. Keys, counters and buckets do not share names.
  virtual Task<std::int64_t> take(std::string bucket, std::int64_t tokens, Filling filling) = 0;
};

}  // namespace concord::engines
