#pragma once
// The one reactor of a driver: its connections live there, apart from the hub's own, since libpq looks names up in the
// calling thread.

#include <functional>
#include <optional>

#include "base/async.h"
#include "postgres/pool.h"

namespace concord::postgres {

class DriverThread {
 public:
  DriverThread(Clock& clock, IdSource& ids, const Logger& logger, Metrics& metrics, PoolOptions options,
               std::vector<Keywords> servers)
      : reactors_(1) {
    pool_.emplace(reactors_.at(0), clock, ids, logger, metrics, std::move(options), std::move(servers));
    reactors_.start();
  }
  /// Closed. What was posted to the reactor has run.
  ~DriverThread() {
    run_here(nothing());
    reactors_.stop();
  }
  DriverThread(const DriverThread&) = delete;
  DriverThread& operator=(const DriverThread&) = delete;

  Pool& pool() { return *pool_; }
  Reactor& reactor() { return reactors_.at(0); }

  /// Runs `task` on the reactor; the caller goes on on its own executor. Cancelling the caller does not end it.
  template <class T>
  Task<T> run(Task<T> task) {
    return concord::run_on(reactor(), counted(*pool_, std::move(task)));
  }

  /// Runs `first` on the reactor, then ends every call. Not from a reactor's thread.
  void close(std::function<void()> first = [] {}) { run_here(close_pool(*pool_, std::move(first))); }

 private:
  template <class T>
  static Task<T> counted(Pool& pool, Task<T> task) {
    const Pool::Call call(pool);
    co_return co_await std::move(task);
  }
  static Task<> close_pool(Pool& pool, std::function<void()> first) {
    first();
    co_await pool.close();
    co_return Result<>();
  }
  static Task<> nothing() { co_return Result<>(); }
  void run_here(Task<> task) { static_cast<void>(concord::wait_for(reactor(), std::move(task))); }

  Reactors reactors_;
  std::optional<Pool> pool_;
};

}  // namespace concord::postgres
