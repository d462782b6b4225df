#pragma once
// One holder of a key at a time within this process; who comes later waits its turn.

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/task.h"
#include "engines/suspend.h"

namespace concord::s3 {

/// Any thread. Outlives what it gives.
class KeyLocks {
 public:
  class Held {
   public:
    Held(KeyLocks& locks, std::string key) : locks_(&locks), key_(std::move(key)) {}
    Held(Held&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), key_(std::move(other.key_)) {}
    ~Held() {
      if (locks_ != nullptr) locks_->release(key_);
    }
    Held& operator=(Held&&) = delete;

   private:
    KeyLocks* locks_;
    std::string key_;
  };

  asio::awaitable<Held> hold(std::string key);

 private:
  void release(const std::string& key);

  std::mutex mutex_;
  std::map<std::string, std::deque<engines::Resume>> held_;  // guarded by mutex_: who waits for each
};

}  // namespace concord::s3
