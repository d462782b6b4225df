#pragma once
// Runs a coroutine on a reactor from a test's own thread and waits for its end.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <future>
#include <type_traits>
#include <utility>

#include "base/reactor.h"

namespace concord::testing {

/// The value `task` returns. An exception that it throws is thrown here. Not from the reactor's thread.
template <class T>
T run_on(Reactor& reactor, asio::awaitable<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(reactor.context(), std::move(task), [&promise](const std::exception_ptr& thrown) {
      thrown ? promise.set_exception(thrown) : promise.set_value();
    });
  } else {
    asio::co_spawn(reactor.context(), std::move(task), [&promise](const std::exception_ptr& thrown, T value) {
      thrown ? promise.set_exception(thrown) : promise.set_value(std::move(value));
    });
  }
  return future.get();
}

/// Runs a plain function on the reactor and returns what it returns.
template <class Work>
auto call_on(Reactor& reactor, Work work) {
  std::packaged_task<decltype(work())()> task(std::move(work));
  auto future = task.get_future();
  reactor.post([&task] { task(); });
  return future.get();
}

/// Reactors that run for the life of a test.
class RunningReactors {
 public:
  explicit RunningReactors(std::size_t count = 1) : reactors_(count) { reactors_.start(); }
  ~RunningReactors() { reactors_.stop(); }

  Reactors& all() { return reactors_; }
  Reactor& at(std::size_t index = 0) { return reactors_.at(index); }

 private:
  Reactors reactors_;
};

}  // namespace concord::testing
