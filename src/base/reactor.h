#pragma once
// One io_context per core, one thread each; a small pool for what blocks; scopes that own spawned tasks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/task.h"

namespace boost::asio {
class io_context;
}

namespace concord {

/// One event loop on one thread. State that belongs to a reactor is touched only there.
class Reactor {
 public:
  Reactor(std::size_t index, asio::io_context& context) : index_(index), context_(context) {}
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  std::size_t index() const { return index_; }
  asio::io_context& context() const { return context_; }
  /// Runs `work` on this reactor, after what it runs now. Any thread.
  void post(std::move_only_function<void()> work);
  /// Whether the calling thread is this reactor's.
  bool is_current() const;

 private:
  std::size_t index_;
  asio::io_context& context_;
};

/// All of a node's reactors. Constructed and stopped by main. A handler that was still pending when the loops ended is
/// destroyed, unrun, by the destructor.
class Reactors {
 public:
  explicit Reactors(std::size_t count);
  ~Reactors();

  std::size_t size() const { return reactors_.size(); }
  Reactor& at(std::size_t index) { return *reactors_[index]; }
  /// Starts one thread each and returns.
  void start();
  /// Ends the loops and joins the threads. Not from a reactor's thread.
  void stop();

 private:
  struct Loop;
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::vector<std::unique_ptr<Loop>> loops_;  // destroyed first: what they still hold may know its Reactor
};

/// Threads for what blocks (fsync, SQLite, password hashing). The result comes back on the caller's executor. At most
/// `max_queued` pieces of work wait for a thread; one more is refused with kUnavailable, as is work after `stop`.
class BlockingPool {
 public:
  static constexpr std::size_t kDefaultMaxQueued = 65'536;

  explicit BlockingPool(std::size_t threads, std::size_t max_queued = kDefaultMaxQueued);
  ~BlockingPool();  // stops

  /// Runs `work` on the pool and resumes the awaiting coroutine on its own executor. Work once accepted is run to its
  /// end, also where the coroutine is cancelled meanwhile.
  template <class T>
  Task<T> run(std::move_only_function<Result<T>()> work) {
    std::optional<Result<T>> result;
    CO_TRY_VOID(co_await run_erased([&result, &work] { result.emplace(work()); }));
    co_return std::move(*result);
  }
  /// Runs `work` on the pool, with nobody waiting. Any thread.
  Result<> post(std::move_only_function<void()> work);
  /// Pieces of work that wait for a thread.
  std::size_t queued() const;
  /// Runs what is queued, then ends the threads. Before the executors that wait for results are destroyed; not from a
  /// thread of the pool.
  void stop();

 private:
  Task<> run_erased(std::move_only_function<void()> work);

  struct State;
  std::unique_ptr<State> state_;
};

/// Suspends for a time on the calling coroutine's executor; ends early, with kUnavailable, when cancelled, and at once
/// where the coroutine was cancelled before.
Task<> sleep_ms(std::int64_t milliseconds);

/// Owns tasks spawned on one reactor. `close` cancels them all and waits until each has ended. Used on its reactor.
///
/// Cancelling is not thrown into a task: a sleep or another asio operation under way ends with its error, and the task
/// is to return. A task that throws anything ends the program.
class TaskScope {
 public:
  explicit TaskScope(Reactor& reactor);
  ~TaskScope();  // closed, or without running tasks
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// Starts `task` after what the reactor runs now. Once `close` was called the task is dropped, unrun.
  void spawn(asio::awaitable<void> task);
  std::size_t running() const;
  asio::awaitable<void> close();
  /// After `close` has ended: takes tasks again.
  void reopen();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the tasks still running
};

}  // namespace concord
