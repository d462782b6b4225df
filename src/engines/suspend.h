#pragma once
// How a coroutine waits for a thread of a driver.

#include <functional>

#include "base/task.h"

namespace concord::engines {

/// Lets the suspended coroutine go on, on its own executor. Called once, from any thread; never dropped uncalled: the
/// coroutine's frames live in it.
using Resume = std::move_only_function<void()>;

/// Suspends the calling coroutine and runs `start` with what resumes it. Cancelling the coroutine does not end the
/// wait: what was handed to a driver's thread may still borrow from the coroutine's frame.
asio::awaitable<void> suspend(std::move_only_function<void(Resume)> start);

}  // namespace concord::engines
