#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/reactor.h"

namespace concord {

namespace {

/// Work for whose end a coroutine waits. The handler owns the coroutine's frames, and with them `work`.
template <class Handler>
struct Job {
  std::move_only_function<void()>* work;
  Handler handler;
  asio::executor_work_guard<asio::any_io_executor> executor;

  void operator()() {
    (*work)();
    finish(Result<>());
  }
  void finish(Result<> result) {
    asio::post(executor.get_executor(), [handler = std::move(handler), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    });
  }
};

}  // namespace

struct BlockingPool::State {
  explicit State(std::size_t bound) : max_queued(bound) {}

  const std::size_t max_queued;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::move_only_function<void()>> queue;  // guarded by mutex
  bool stopping = false;                              // guarded by mutex
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      auto next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      next();
      next = nullptr;  // what it holds is destroyed outside the lock
      lock.lock();
    }
  }

  /// Takes `work` only where it succeeds.
  template <class Work>
  Result<> push(Work& work) {
    {
      const std::lock_guard lock(mutex);
      if (stopping) return fail(Code::kUnavailable, "the pool for blocking work has stopped");
      if (queue.size() >= max_queued) {
        return fail(
            Error{Code::kUnavailable, "too much blocking work is waiting", {{"limit", std::to_string(max_queued)}}});
      }
      queue.emplace_back(std::move(work));
    }
    changed.notify_one();
    return {};
  }
};

BlockingPool::BlockingPool(std::size_t threads, std::size_t max_queued) : state_(std::make_unique<State>(max_queued)) {
  assert(threads > 0 && max_queued > 0);
  for (std::size_t i = 0; i < threads; ++i) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

BlockingPool::~BlockingPool() { stop(); }

Result<> BlockingPool::post(std::move_only_function<void()> work) { return state_->push(work); }

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

void BlockingPool::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

Task<> BlockingPool::run_erased(std::move_only_function<void()> work) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiate = [state = state_.get(), &work, executor]<class Handler>(Handler handler) {
    Job<Handler> job{&work, std::move(handler), asio::make_work_guard(executor)};
    if (Result<> pushed = state->push(job); !pushed) job.finish(std::move(pushed));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<>)>(std::move(initiate),
                                                                                         asio::use_awaitable);
}

}  // namespace concord
