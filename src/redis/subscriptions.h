#pragma once
// Who listens to which channel, and the servers being told so: again when a connection is lost or a slot has moved. One
// connection to a node carries all channels of its slots.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/bus.h"
#include "redis/client.h"
#include "redis/deliveries.h"

namespace concord::redis {

/// Used on its reactor alone, but for the subscriptions it hands out, which any thread destroys, also after this.
class Subscriptions {
 public:
  Subscriptions(Reactor& reactor, RedisClient& client, Deliveries& deliveries);
  ~Subscriptions();  // closed
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  /// Returns once the server has taken the subscription to the channel, whose name is as the server knows it.
  Task<std::unique_ptr<engines::Subscription>> subscribe(std::string channel, engines::Bus::OnMessage on_message);
  /// Subscriptions under way fail; the tasks of the client end.
  void close();

 private:
  struct Channel;
  struct Door;
  class Held;
  enum class Begun : std::uint8_t { kYes, kNotYet };  // kNotYet: the server asks to try again

  Result<std::shared_ptr<Channel>> find_or_add(const std::string& name);
  void remove(const std::string& channel, const std::shared_ptr<Receiver>& receiver);
  asio::awaitable<void> keep(std::shared_ptr<Channel> channel);
  Task<Begun> begin(std::shared_ptr<Channel> channel);
  asio::awaitable<void> end(std::shared_ptr<Channel> channel);
  asio::awaitable<void> pause(std::int64_t ms);
  void on_push(const std::shared_ptr<RedisLink>& link, RespValue push);
  void on_end(const std::shared_ptr<RedisLink>& link);
  void deliver(const std::string& channel, Bytes message);

  RedisClient& client_;
  Deliveries& deliveries_;
  Reactor& reactor_;
  AsyncEvent closing_;
  std::shared_ptr<Door> door_;  // shared with the subscriptions, by which they come back while this is there
  std::unordered_map<std::string, std::shared_ptr<Channel>> channels_;  // shared with their tasks
  bool is_closed_ = false;
};

}  // namespace concord::redis
