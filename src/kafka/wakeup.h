#pragma once
// Runs work on a reactor after one of librdkafka's queues was given something.

#include <atomic>
#include <functional>
#include <memory>

#include "base/reactor.h"

extern "C" {
struct rd_kafka_queue_s;
}

namespace concord::kafka {

/// Shared with what it posted to the reactor. Unwatched before the queue ends; closed on the reactor.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
 public:
  /// `work` takes some of what is in the queue, and says whether there may be more.
  Wakeup(Reactor& reactor, std::function<bool()> work) : reactor_(reactor), work_(std::move(work)) {}

  void watch(rd_kafka_queue_s* queue);
  static void unwatch(rd_kafka_queue_s* queue);
  /// Any thread.
  void notify();
  void close() { work_ = nullptr; }

 private:
  Reactor& reactor_;
  std::function<bool()> work_;
  std::atomic<bool> posted_ = false;
};

}  // namespace concord::kafka
