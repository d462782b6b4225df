#pragma once
// A bus on Redis as tests use it, from their own thread.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "redis/redis_bus.h"
#include "redis/redis_server_testing.h"

namespace concord::redis::testing {

class BusOnRedis {
 public:
  explicit BusOnRedis(RedisOptions options)
      : bus_(open_redis_bus(std::move(options), clock_, ids_, Logger(), metrics_).value()) {}

  engines::Bus& bus() { return *bus_; }
  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  /// Starts a task, and returns once it waits for the bus.
  template <class T>
  std::future<Result<T>> start(Task<T> task) {
    auto promise = std::make_shared<std::promise<Result<T>>>();  // shared with the callback, which must be copyable
    asio::co_spawn(reactors_.at().context(), std::move(task),
                   [promise](const std::exception_ptr& thrown, Result<T> result) {
                     thrown ? promise->set_exception(thrown) : promise->set_value(std::move(result));
                   });
    concord::testing::call_on(reactors_.at(), [] { return 0; });
    return promise->get_future();
  }
  void close() { bus_.reset(); }
  Result<> set(std::string key, std::string_view value) {
    return run(bus_->set(std::move(key), to_bytes(value), 600'000));
  }
  Result<std::optional<Bytes>> get(std::string key) { return run(bus_->get(std::move(key))); }
  Result<> publish(std::string channel, std::string_view text) {
    return run(bus_->publish(std::move(channel), std::make_shared<const Bytes>(to_bytes(text))));
  }
  double metric(std::string_view line_begin) const {
    const std::string text = "\n" + metrics_.prometheus_text();
    const std::size_t at = text.find("\n" + std::string(line_begin) + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line_begin.size() + 2));
  }

 private:
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<engines::Bus> bus_;
};

/// What a channel's subscriber has got.
class Listener {
 public:
  Listener(BusOnRedis& bus, std::string channel)
      : subscription_(bus.run(bus.bus().subscribe(std::move(channel),
                                                  [this](const SharedBytes& message) {
                                                    const std::lock_guard lock(mutex_);
                                                    messages_.emplace_back(as_text(*message));
                                                  }))
                          .value()) {}

  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  bool has(const std::string& message) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(messages_, message) != messages_.end();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::unique_ptr<engines::Subscription> subscription_;  // ends first
};

/// Publishes until the listener has got one of the messages: from then on it gets all.
inline void wait_until_heard(BusOnRedis& bus, const std::string& channel, const Listener& listener) {
  static std::atomic<int> number = 0;
  wait_until("the subscription is back", [&] {
    const std::string message = "are you there " + std::to_string(number.fetch_add(1));
    if (!bus.publish(channel, message)) return false;
    for (int i = 0; i < 20 && !listener.has(message); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return listener.has(message);
  });
}

}  // namespace concord::redis::testing
