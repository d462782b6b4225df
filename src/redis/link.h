#pragma once
// A connection to one server that comes back when it is lost, after a while that doubles from attempt to attempt, with
// a circuit breaker before it. Used on its reactor alone.

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "base/circuit_breaker.h"
#include "base/log.h"
#include "redis/connection.h"
#include "redis/metrics.h"

namespace concord::redis {

class RedisLink {
 public:
  /// What links borrow from their owner, which joins `connection.tasks` before any of it ends.
  struct Context {
    RedisConnection::Context connection;
    RedisMetrics& metrics;
    const Logger& logger;
    std::mt19937_64& random;
  };
  struct Events {
    RedisConnection::OnPush on_push;
    std::function<void()> on_end;  // a connection that could be used is lost;
                                   // not for one that is closed
  };

  /// `purpose` is what it is for, in metrics.
  static std::shared_ptr<RedisLink> start(Context context, Endpoint endpoint, const std::string& purpose,
                                          Events events);
  RedisLink(Context context, Endpoint endpoint, const std::string& purpose, Events events);
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  /// Waits for a connection where none has failed since the last one; at once kUnavailable where one has.
  static Task<Greeting> ready(std::shared_ptr<RedisLink> self, std::int64_t deadline_ns);
  /// Waits for a connection as `ready` does. At once kUnavailable while the breaker is open.
  static asio::awaitable<Answer> call(std::shared_ptr<RedisLink> self, Request request, std::int64_t deadline_ns);
  /// Ends it for good.
  void close();

 private:
  static asio::awaitable<void> keep(std::shared_ptr<RedisLink> self);
  bool is_up() const { return connection_ != nullptr && connection_->is_open(); }
  void came_up(std::unique_ptr<RedisConnection> connection);
  void went_down();
  void failed_to_connect(Error error);
  void note(bool succeeded);
  std::int64_t now_ns() const { return context_.connection.clock.monotonic_ns(); }

  Context context_;
  Endpoint endpoint_;
  Events events_;
  Gauge& breaker_state_;
  CircuitBreaker breaker_;
  AsyncEvent changed_;
  std::unique_ptr<RedisConnection> connection_;
  Error failure_;                    // of the last attempt to connect
  std::size_t failed_attempts_ = 0;  // since the last connection
  bool is_closed_ = false;
};

}  // namespace concord::redis
