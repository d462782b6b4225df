#pragma once
// Connections to one database, opened as they are needed, up to a number; who finds none free waits for his turn. A
// server that is away is asked again after a pause that grows (base/circuit_breaker.h); meanwhile calls fail at once.
// Lives on one reactor; everything here is called there.

#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/async.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "postgres/options.h"

namespace concord::postgres {

class Pool {
 public:
  Pool(Reactor& reactor, Clock& clock, IdSource& ids, const Logger& logger, Metrics& metrics, PoolOptions options,
       std::vector<Keywords> servers);
  ~Pool();  // closed

  /// A connection for one caller. It goes back with the lease where it is idle; else it is closed.
  class Lease {
   public:
    Lease(Pool& pool, std::shared_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::shared_ptr<Connection> connection_;  // shared with the pool, which closes it at its end
  };

  /// kUnavailable: the server is away, too many wait, or the wait was too long.
  Task<Lease> acquire();
  /// The longest that a call on a connection may take until it is dropped.
  std::int64_t call_timeout_ms() const { return options_.statement_timeout_ms + options_.grace_ms; }
  const PoolOptions& options() const { return options_; }
  Reactor& reactor() const { return reactor_; }
  Clock& clock() const { return clock_; }
  std::uint64_t chance() { return ids_.random64(); }
  bool is_closed() const { return closed_; }

  /// Tasks that end with the pool.
  void spawn(asio::awaitable<void> task) { scope_.spawn(std::move(task)); }
  /// A task that counts as a call: `close` waits for its end.
  class Call {
   public:
    explicit Call(Pool& pool) : pool_(pool) { ++pool_.calls_; }
    ~Call() {
      if (--pool_.calls_ == 0) pool_.changed_.notify_all();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Pool& pool_;
  };
  /// Answers everybody with kUnavailable, closes the connections, and waits for the calls under way.
  asio::awaitable<void> close();

 private:
  using Held = std::shared_ptr<Connection>;
  /// By which the server knows a connection, also once it is gone.
  struct Session {
    std::int64_t process = 0;
    std::string since;
  };
  struct Waiter {
    explicit Waiter(Reactor& reactor) : turn(reactor) {}
    AsyncEvent turn;
    Held given;  // where a connection was given; else one may be opened
    bool called = false;
    std::optional<Error> refused;
  };
  struct Instruments {
    Instruments(Metrics& metrics, const std::string& use);
    Gauge& open;
    Gauge& idle;
    Gauge& waiting;
    Gauge& away;
    Counter& opened;
    Counter& failed;
    Counter& refused;
    Counter& timed_out;
    Histogram& wait_seconds;
  };

  Task<Held> take();
  Task<Held> wait();
  Task<Held> open();
  Task<Held> open_any();
  Task<Session> introduce(Connection& connection);
  void give_back(Held connection);
  void discard(Held connection);
  void call_next();
  void refuse_all(const Error& error);
  void drop_idle();
  asio::awaitable<void> cancel_on_server(Session session);
  void show();

  Reactor& reactor_;
  Clock& clock_;
  IdSource& ids_;
  Logger logger_;
  PoolOptions options_;
  std::vector<Keywords> servers_;
  std::size_t preferred_ = 0;  // the server that was good last
  CircuitBreaker breaker_;
  Instruments instruments_;
  std::vector<Held> idle_;  // the last used at the end
  std::map<Held, Session> all_;
  std::size_t taken_ = 0;  // places: connections, and those that are being opened
  std::list<Waiter*> waiting_;
  std::optional<Error> last_failure_;
  std::size_t cancelling_ = 0;
  std::size_t calls_ = 0;
  bool closed_ = false;
  AsyncEvent changed_;
  TaskScope scope_;
};

}  // namespace concord::postgres
