#pragma once
// What coroutines of one reactor wait on, and how one reactor's coroutine runs a task on another.

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "base/reactor.h"

namespace concord {

/// Wakes every coroutine that waits. Belongs to one reactor: wait and notify are called there. It may end as soon as it
/// has notified, before those that waited have run.
class AsyncEvent {
 public:
  explicit AsyncEvent(Reactor& reactor);
  ~AsyncEvent();

  /// Suspends until the next notify_all, or until `timeout_ms` passes (negative: without end).
  asio::awaitable<void> wait(std::int64_t timeout_ms = -1);
  void notify_all();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the coroutines that wait
};

/// Mutual exclusion among coroutines of one reactor; first come, first served.
class AsyncMutex {
 public:
  explicit AsyncMutex(Reactor& reactor) : released_(reactor) {}

  /// Releases on destruction, on the mutex's reactor.
  class Hold {
   public:
    explicit Hold(AsyncMutex& mutex) : mutex_(&mutex) {}
    Hold(Hold&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (mutex_ != nullptr) mutex_->release();
    }

   private:
    AsyncMutex* mutex_;
  };

  asio::awaitable<Hold> lock();

 private:
  void release();

  AsyncEvent released_;
  std::uint64_t next_ticket_ = 0;
  std::uint64_t serving_ = 0;
};

namespace detail {
asio::awaitable<void> run_on(Reactor& reactor, asio::awaitable<void> task);
void wait_for(Reactor& reactor, asio::awaitable<void> task);

template <class T>
asio::awaitable<void> store(Task<T> task, std::optional<Result<T>>& out) {
  out.emplace(co_await std::move(task));
}
}  // namespace detail

/// Runs `task` on `reactor` and resumes the caller on its own executor with the result. Cancelling the caller does not
/// cancel the task: it ends by itself.
template <class T>
Task<T> run_on(Reactor& reactor, Task<T> task) {
  std::optional<Result<T>> result;
  co_await detail::run_on(reactor, detail::store(std::move(task), result));
  co_return std::move(*result);
}

/// Runs `task` on `reactor` and blocks the calling thread until it ends. For main alone; not from a reactor's thread.
template <class T>
Result<T> wait_for(Reactor& reactor, Task<T> task) {
  std::optional<Result<T>> result;
  detail::wait_for(reactor, detail::store(std::move(task), result));
  return std::move(*result);
}

}  // namespace concord
