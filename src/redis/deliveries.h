#pragma once
// Calls subscribers back on a thread of its own, so that one that is slow holds up nobody but other subscribers: each
// in the order in which messages came, one call at a time.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/bytes.h"

namespace concord::redis {

/// One subscriber: what waits for it, which is bounded. Any thread.
class Receiver {
 public:
  struct Limits {
    std::size_t messages = 4'096;
    std::size_t bytes = 128U << 20U;  // one message may be more
  };
  Receiver(Limits limits, std::function<void(const SharedBytes&)> callback)
      : limits_(limits), callback_(std::move(callback)) {}

  /// No call comes after it returned; it waits for one under way, unless this is it.
  void close();

 private:
  friend class Deliveries;
  enum class Taken : std::uint8_t { kLost, kWaits, kFirst };

  Taken offer(SharedBytes message);
  /// Calls back for what waits, up to some; true where more does.
  bool deliver();

  const Limits limits_;
  const std::function<void(const SharedBytes&)> callback_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<SharedBytes> waiting_;  // guarded by mutex_, as is all below
  std::size_t waiting_bytes_ = 0;
  std::thread::id caller_{};  // who calls back now
  bool is_closed_ = false;
};

class Deliveries {
 public:
  Deliveries() : thread_([this] { run(); }) {}
  ~Deliveries();  // ends the thread; what waits is lost
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// False where the message is lost, because too much waits for the receiver, or it is closed. Any thread.
  bool push(const std::shared_ptr<Receiver>& receiver, SharedBytes message);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Receiver>> ready_;  // guarded by mutex_: each at most once, shared with its subscription
  bool is_stopping_ = false;                     // guarded by mutex_
  std::thread thread_;
};

}  // namespace concord::redis
