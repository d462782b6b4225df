#pragma once
// One socket to one server, on one reactor: commands go out as they come, many in one write, and are answered in their
// order. Used on its reactor alone.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/async.h"
#include "base/clock.h"
#include "base/reactor.h"
#include "redis/options.h"
#include "redis/resp.h"

namespace concord::redis {

class TlsTrust;

/// What became of a request.
struct Answer {
  Result<RespValue> value;    // an error that the server answered is a value;
                              // kUnavailable where it answered nothing
  bool may_have_run = false;  // of one without an answer: whether the server may have got it
};

struct Request {
  RespCommand command;
  bool is_asking = false;  // ASKING goes before it
  /// Of one that a push message answers, as those to subscribe are: its kind and its channel.
  std::string push_kind;
  std::string push_channel;
};

/// What a server says of itself.
struct Greeting {
  bool is_cluster = false;
  std::string version;
};

class RedisConnection {
 public:
  /// Each push message that answers no request. Must not end the connection's owner.
  using OnPush = std::function<void(const RespValue&)>;
  /// What a connection borrows from its owner, all of which outlives the tasks.
  struct Context {
    Reactor& reactor;
    TaskScope& tasks;  // owns what reads and writes
    const RedisOptions& options;
    Clock& clock;
    const TlsTrust* trust = nullptr;  // where it is TLS
  };

  /// Connects, says HELLO 3 with name and password and chooses the database, all within the time to connect.
  /// kUnavailable says why it did not come to that.
  static Task<std::unique_ptr<RedisConnection>> open(Context context, Endpoint endpoint, OnPush on_push);
  ~RedisConnection();  // ends it
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  /// The connection may end and be destroyed meanwhile. A server that is silent meanwhile, and for half the
  /// time of a whole call, is given up with its connection.
  asio::awaitable<Answer> call(Request request, std::int64_t timeout_ms);
  bool is_open() const;
  /// Why it ended.
  Error failure() const;
  const Greeting& greeting() const { return greeting_; }
  /// Suspends until the connection has ended.
  asio::awaitable<void> wait_for_end();
  void end(std::string_view why);

 private:
  struct State;
  explicit RedisConnection(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // shared with the tasks that read and write,
                                  // and with calls under way
  Greeting greeting_;
};

}  // namespace concord::redis
