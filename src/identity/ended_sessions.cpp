#include "identity/ended_sessions.h"

namespace concord::identity {

void EndedSessions::add(SessionId session) {
  const std::int64_t now_ms = clock_.wall_ms();
  {
    const std::lock_guard lock(mutex_);
    if (now_ms - swept_ms_ > keep_ms_ / 4) {
      swept_ms_ = now_ms;
      std::erase_if(ended_, [now_ms](const auto& one) { return one.second <= now_ms; });
    }
    ended_[session] = now_ms + keep_ms_;
    count_ = ended_.size();
  }
  for (const auto& listener : listeners_) listener(session);
}

bool EndedSessions::contains(SessionId session) const {
  if (count_ == 0) return false;
  const std::lock_guard lock(mutex_);
  return ended_.contains(session);
}

}  // namespace concord::identity
