#include "identity/ended_sessions.h"

namespace concord::identity {

bool EndedSessions::remember(SessionId session) {
  const std::int64_t now_ms = clock_.wall_ms();
  const std::lock_guard lock(mutex_);
  if (now_ms - swept_ms_ > keep_ms_ / 4) {
    swept_ms_ = now_ms;
    std::erase_if(ended_, [now_ms](const auto& one) { return one.second <= now_ms; });
  }
  const bool is_news = ended_.insert_or_assign(session, now_ms + keep_ms_).second;
  count_ = ended_.size();
  return is_news;
}

void EndedSessions::add(SessionId session) {
  remember(session);
  for (const auto& listener : listeners_) listener(session);
  if (tell_others_) tell_others_(session);
}

void EndedSessions::heard(SessionId session) {
  if (!remember(session)) return;
  for (const auto& listener : listeners_) listener(session);
}

bool EndedSessions::contains(SessionId session) const {
  if (count_ == 0) return false;
  const std::lock_guard lock(mutex_);
  return ended_.contains(session);
}

}  // namespace concord::identity
