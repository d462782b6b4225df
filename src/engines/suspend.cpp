#include "engines/suspend.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace concord::engines {
namespace {

template <class Handler>
struct Resumption {
  Handler handler;
  asio::executor_work_guard<asio::any_io_executor> work;  // keeps the executor running meanwhile

  void operator()() { asio::post(work.get_executor(), std::move(handler)); }
};

}  // namespace

asio::awaitable<void> suspend(std::move_only_function<void(Resume)> start) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiate = [&start, &executor]<class Handler>(Handler handler) {
    start(Resumption<Handler>{std::move(handler), asio::make_work_guard(executor)});
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(initiate), asio::use_awaitable);
}

}  // namespace concord::engines
