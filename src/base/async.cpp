#include "base/async.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <cassert>
#include <vector>

#include "base/timer_clock.h"

namespace concord {

using Timer = asio::basic_waitable_timer<TimerClock>;

struct AsyncEvent::State {
  explicit State(Reactor& r) : reactor(r) {}
  Reactor& reactor;
  std::vector<Timer*> waiting;
};

AsyncEvent::AsyncEvent(Reactor& reactor) : state_(std::make_shared<State>(reactor)) {}
AsyncEvent::~AsyncEvent() = default;

asio::awaitable<void> AsyncEvent::wait(std::int64_t timeout_ms) {
  const std::shared_ptr<State> state = state_;
  Timer timer(state->reactor.context());
  if (timeout_ms < 0) {
    timer.expires_at(Timer::time_point::max());
  } else {
    timer.expires_after(std::chrono::milliseconds(timeout_ms));
  }
  state->waiting.push_back(&timer);
  boost::system::error_code ignored;  // woken, timed out or cancelled: the caller looks at its condition again
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  std::erase(state->waiting, &timer);
}

void AsyncEvent::notify_all() {
  for (Timer* timer : state_->waiting) timer->cancel();
}

asio::awaitable<AsyncMutex::Hold> AsyncMutex::lock() {
  const std::uint64_t ticket = next_ticket_++;
  while (serving_ != ticket) co_await released_.wait();
  co_return Hold(*this);
}

void AsyncMutex::release() {
  ++serving_;
  released_.notify_all();
}

asio::awaitable<void> detail::run_on(Reactor& reactor, asio::awaitable<void> task) {
  // The slot is empty on purpose: a cancellation signal of the caller must not reach a coroutine on another thread.
  co_await asio::co_spawn(reactor.context(), std::move(task),
                          asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

void detail::wait_for(Reactor& reactor, asio::awaitable<void> task) {
  asio::co_spawn(reactor.context(), std::move(task), asio::use_future).get();
}

}  // namespace concord
