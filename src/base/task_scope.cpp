#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <chrono>
#include <exception>
#include <list>

#include "base/reactor.h"
#include "base/timer_clock.h"

namespace concord {

using Timer = asio::basic_waitable_timer<TimerClock>;
namespace {

constexpr std::int64_t kMaxSleepMs = 10LL * 365 * 24 * 3600 * 1000;

asio::awaitable<void> without_throwing(asio::awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

/// A task cancelled before its first step ends with operation_aborted, which asio itself throws; anything else that is
/// thrown leaves the reactor's loop and ends the program.
void rethrow_unless_cancelled(const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
}

}  // namespace

Task<> sleep_ms(std::int64_t milliseconds) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return fail(Code::kUnavailable, "the sleep was cancelled");
  Timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, kMaxSleepMs)));
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail(Code::kUnavailable, "the sleep was cancelled");
  co_return Result<>();
}

struct TaskScope::State {
  explicit State(Reactor& owner) : reactor(owner), all_ended(owner.context()) {
    all_ended.expires_at(Timer::time_point::max());
  }
  Reactor& reactor;
  Timer all_ended;  // never expires; cancelled to wake who waits
  std::list<asio::cancellation_signal> signals;
  bool closing = false;
};

TaskScope::TaskScope(Reactor& reactor) : state_(std::make_shared<State>(reactor)) {}

TaskScope::~TaskScope() { assert(state_->signals.empty()); }

std::size_t TaskScope::running() const { return state_->signals.size(); }

void TaskScope::spawn(asio::awaitable<void> task) {
  if (state_->closing) return;
  const auto signal = state_->signals.emplace(state_->signals.end());
  auto ended = [state = state_, signal](const std::exception_ptr& thrown) {
    state->signals.erase(signal);
    if (state->signals.empty()) state->all_ended.cancel();
    rethrow_unless_cancelled(thrown);
  };
  asio::co_spawn(state_->reactor.context(), without_throwing(std::move(task)),
                 asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

asio::awaitable<void> TaskScope::close() {
  const std::shared_ptr<State> state = state_;
  state->closing = true;
  for (asio::cancellation_signal& signal : state->signals) signal.emit(asio::cancellation_type::terminal);
  while (!state->signals.empty()) {
    boost::system::error_code ignored;
    co_await state->all_ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void TaskScope::reopen() {
  assert(state_->signals.empty());
  state_->closing = false;
}

}  // namespace concord
