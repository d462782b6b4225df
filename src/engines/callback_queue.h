#pragma once
// Calls one callback for values from many threads: in order, one at a time, and never again once `close` returned.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace concord::engines {

template <class T>
class CallbackQueue {
 public:
  CallbackQueue(std::size_t max_waiting, std::function<void(const T&)> callback)
      : max_waiting_(max_waiting), callback_(std::move(callback)) {}

  /// Calls back on this thread, or lets the thread that is calling back go on with it. False where the value was
  /// dropped, because too many wait or the queue is closed.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    if (closed_ || waiting_.size() >= max_waiting_) return false;
    waiting_.push_back(std::move(value));
    if (caller_ != std::thread::id()) return true;
    caller_ = std::this_thread::get_id();
    while (!waiting_.empty() && !closed_) {
      T next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      callback_(next);
      lock.lock();
    }
    caller_ = std::thread::id();
    idle_.notify_all();
    return true;
  }

  /// Waits for a call under way, unless this is it.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    waiting_.clear();
    idle_.wait(lock, [this] { return caller_ == std::thread::id() || caller_ == std::this_thread::get_id(); });
  }

 private:
  const std::size_t max_waiting_;
  const std::function<void(const T&)> callback_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<T> waiting_;     // guarded by mutex_
  std::thread::id caller_{};  // guarded by mutex_: who calls back now
  bool closed_ = false;       // guarded by mutex_
};

}  // namespace concord::engines
