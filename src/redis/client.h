#pragma once
// Calls on a single server or on a Cluster, each sent to the node that owns its key's slot, followed where nodes send
// it, and tried again where they ask for it, all within one deadline. Used on its reactor alone.

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "redis/link.h"
#include "redis/slot_map.h"

namespace concord::redis {

class RedisClient {
 public:
  /// What is passed by reference outlives the client. `trust` is nullptr where it is no TLS.
  RedisClient(Reactor& reactor, const RedisOptions& options, const TlsTrust* trust, Clock& clock, const Logger& logger,
              RedisMetrics& metrics, std::uint64_t seed);
  ~RedisClient();  // closed
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  struct Call {
    RespCommand command;
    std::uint16_t slot = 0;
    bool is_repeatable = false;  // it changes nothing, so it may go out again
                                 // where an answer is lost
  };
  /// Begins to connect, so that a server that is away is seen before it is needed.
  void begin();
  /// Waits until it is known whether it is a Cluster.
  Task<> connected();
  /// The server's answer, or one of its errors as it stands there: NOSCRIPT and those that answer the command itself.
  /// kUnavailable where there was none.
  Task<RespValue> call(Call call);

  /// Another kind of connection than that for calls: for subscriptions. What its two events call outlives the client's
  /// tasks. Set before the first subscription.
  using OnPush = std::function<void(const std::shared_ptr<RedisLink>& link, RespValue push)>;
  using OnEnd = std::function<void(const std::shared_ptr<RedisLink>& link)>;
  void listen(OnPush on_push, OnEnd on_end);
  /// The connection for subscriptions of the slot, ready to be used.
  Task<std::shared_ptr<RedisLink>> subscriber(std::uint16_t slot, std::int64_t deadline_ns);
  /// Whether it is a Cluster; known once `subscriber` or `call` has succeeded.
  bool is_cluster() const { return mode_ == Mode::kCluster; }
  /// Takes over what an answer says of the slots: who owns one, or that all are to be asked for again.
  void learn(const Advice& advice, std::uint16_t slot);

  TaskScope& tasks() { return tasks_; }
  std::uint64_t random() { return random_(); }
  std::int64_t now_ns() { return clock_.monotonic_ns(); }
  std::int64_t deadline_ns() { return now_ns() + options_.call_timeout_ms * 1'000'000; }
  const RedisOptions& options() const { return options_; }
  RedisMetrics& metrics() { return metrics_; }

  /// Ends everything: calls under way with kUnavailable, then the tasks, which it waits for.
  asio::awaitable<void> close();

 private:
  enum class Mode : std::uint8_t { kUnknown, kSingle, kCluster };
  using Links = std::map<Endpoint, std::shared_ptr<RedisLink>>;

  Task<> learn_mode(std::int64_t deadline_ns);
  Task<> set_mode(const Greeting& greeting, const Endpoint& endpoint);
  Task<Endpoint> owner(std::uint16_t slot, std::int64_t deadline_ns);
  /// Asks for all slots, once for all who want it meanwhile.
  Task<> refresh(std::int64_t deadline_ns);
  Task<> refresh_from_any(std::int64_t deadline_ns);
  Task<> refresh_from(Endpoint endpoint, std::int64_t deadline_ns);
  asio::awaitable<void> refresh_soon();
  /// Whether a call that failed may go out again: the slot has another owner now, or it may be repeated.
  asio::awaitable<bool> may_go_elsewhere(Endpoint asked, std::uint16_t slot, std::int64_t deadline_ns);
  Task<RespValue> route(Call call, std::int64_t deadline_ns);
  std::shared_ptr<RedisLink> link_to(const Endpoint& endpoint);
  std::shared_ptr<RedisLink> subscriber_link_to(const Endpoint& endpoint);
  void forget_others();
  RedisLink::Context link_context();

  Reactor& reactor_;
  const RedisOptions& options_;
  const TlsTrust* trust_;
  Clock& clock_;
  const Logger& logger_;
  RedisMetrics& metrics_;
  std::mt19937_64 random_;
  TaskScope tasks_;
  AsyncEvent refreshed_;
  AsyncEvent closing_;
  Mode mode_ = Mode::kUnknown;
  SlotMap slots_;
  bool is_refreshing_ = false;
  std::uint64_t refreshes_ = 0;
  std::int64_t refreshed_ns_ = 0;
  Result<> last_refresh_;
  bool is_refresh_due_ = false;
  bool is_closed_ = false;
  Links links_;
  Links subscriber_links_;
  OnPush on_push_;
  OnEnd on_end_;
};

}  // namespace concord::redis
