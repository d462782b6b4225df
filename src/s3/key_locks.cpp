#include "s3/key_locks.h"

namespace concord::s3 {

asio::awaitable<KeyLocks::Held> KeyLocks::hold(std::string key) {
  co_await engines::suspend([this, &key](engines::Resume resume) {
    std::unique_lock lock(mutex_);
    const auto [entry, is_free] = held_.try_emplace(key);
    if (!is_free) return entry->second.push_back(std::move(resume));
    lock.unlock();
    resume();
  });
  co_return Held(*this, std::move(key));
}

void KeyLocks::release(const std::string& key) {
  engines::Resume next;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = held_.find(key);
    if (entry->second.empty()) {
      held_.erase(entry);
      return;
    }
    next = std::move(entry->second.front());
    entry->second.pop_front();
  }
  next();
}

}  // namespace concord::s3
