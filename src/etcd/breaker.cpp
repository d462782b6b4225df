#include "etcd/breaker.h"

#include <algorithm>

namespace concord::etcd {

std::int64_t Backoff::next_ms(std::uint64_t random) {
  const std::int64_t most = next_ms_;
  next_ms_ = next_ms_ > most_ms_ / 2 ? most_ms_ : next_ms_ * 2;
  const std::int64_t least = most / 2;
  return least + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most - least + 1));
}

bool CircuitBreaker::admit(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (failures_ < options_.failures) return true;
  if (trying_ || now_ns < open_until_ns_) return false;
  trying_ = true;
  return true;
}

void CircuitBreaker::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  trying_ = false;
  backoff_.reset();
}

void CircuitBreaker::failed(std::int64_t now_ns, std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  failures_ = std::min(failures_ + 1, options_.failures);
  if (failures_ < options_.failures) return;
  // Of calls that were under way when it opened, only the one that was let through since makes it longer.
  if (open_until_ns_ > now_ns && !trying_) return;
  trying_ = false;
  open_until_ns_ = now_ns + backoff_.next_ms(random) * 1'000'000;
}

bool CircuitBreaker::open() const {
  const std::lock_guard lock(mutex_);
  return failures_ >= options_.failures;
}

}  // namespace concord::etcd
