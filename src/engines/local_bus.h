#pragma once
// The embedded driver of the `bus` port: in this process. Callbacks run on the publisher's thread, or on that of
// another publisher who is calling back the same subscriber just then.

#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "engines/bus.h"

namespace concord::engines {

struct LocalBusOptions {
  std::size_t max_keys = 1'000'000;         // with counters; past it kUnavailable
  std::size_t max_waiting_messages = 4096;  // for one subscriber that is being called back; past it they are lost
};

class LocalBus final : public Bus {
 public:
  /// What is passed by reference outlives the bus. Keys expire by the monotonic clock.
  LocalBus(LocalBusOptions options, Clock& clock, Metrics& metrics);
  ~LocalBus() override;  // subscriptions may outlive it

  Task<> publish(std::string channel, SharedBytes message) override;
  Task<std::unique_ptr<Subscription>> subscribe(std::string channel, OnMessage on_message) override;
  Task<> set(std::string key, Bytes value, std::int64_t ttl_ms) override;
  Task<std::optional<Bytes>> get(std::string key) override;
  Task<> erase(std::string key) override;
  Task<std::vector<Pair>> list(std::string prefix, std::size_t limit) override;
  Task<std::int64_t> add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) override;
  Task<std::int64_t> take(std::string bucket, std::int64_t tokens, Filling filling) override;

 private:
  struct Channels;
  struct Keys;

  std::shared_ptr<Channels> channels_;  // shared with the subscriptions
  std::unique_ptr<Keys> keys_;
};

}  // namespace concord::engines
