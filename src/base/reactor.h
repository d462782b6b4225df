#pragma once
// One io_context per core, one thread each; a small pool for what blocks; scopes that own spawned tasks.

#include <cstddef>
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

/// All of a node's reactors. Constructed and stopped by main; `run` blocks until `stop`.
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
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::unique_ptr<Reactor>> reactors_;
};

/// Threads for what blocks (fsync, SQLite, password hashing). The result comes back on the caller's executor.
class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads);
  ~BlockingPool();

  /// Runs `work` on the pool and resumes the awaiting coroutine on its own executor.
  template <class T>
  Task<T> run(std::move_only_function<Result<T>()> work) {
    std::optional<Result<T>> result;
    co_await run_erased([&result, &work] { result.emplace(work()); });
    co_return std::move(*result);
  }
  /// Runs `work` on the pool, with nobody waiting.
  void post(std::move_only_function<void()> work);
  void stop();

 private:
  asio::awaitable<void> run_erased(std::move_only_function<void()> work);

  struct State;
  std::unique_ptr<State> state_;
};

/// Suspends for a time on the calling coroutine's executor; ends early, with kUnavailable, when cancelled.
Task<> sleep_ms(std::int64_t milliseconds);

/// Owns tasks spawned on one reactor. `close` cancels them all and waits until each has ended. Used on its reactor.
class TaskScope {
 public:
  explicit TaskScope(Reactor& reactor);
  ~TaskScope();  // closed, or never used

  void spawn(asio::awaitable<void> task);
  asio::awaitable<void> close();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the tasks still running
};

}  // namespace concord
