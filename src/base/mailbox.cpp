#include "base/mailbox.h"

#include <mutex>
#include <vector>

namespace concord {

struct Mailbox::Queue {
  std::mutex mutex;
  std::vector<std::move_only_function<void()>> waiting;
  bool asked = false;  // the reactor will come for it

  void run() {
    std::vector<std::move_only_function<void()>> now;
    {
      const std::scoped_lock lock(mutex);
      now.swap(waiting);
      asked = false;
    }
    for (auto& work : now) work();
  }
};

Mailbox::Mailbox(Reactor& to) : to_(to), queue_(std::make_shared<Queue>()) {}
Mailbox::~Mailbox() = default;

void Mailbox::enqueue(std::move_only_function<void()> work) {
  {
    const std::scoped_lock lock(queue_->mutex);
    queue_->waiting.push_back(std::move(work));
    if (std::exchange(queue_->asked, true)) return;
  }
  to_.post([queue = queue_] { queue->run(); });
}

}  // namespace concord
