#pragma once
// Sessions that have ended while access tokens of theirs are still valid: those tokens are refused from then on, and
// who listens ends what the session has open. Remembered as long as such a token can live. Any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "identity/principal.h"

namespace concord::identity {

class EndedSessions {
 public:
  EndedSessions(Clock& clock, std::int64_t token_lifetime_ms) : clock_(clock), keep_ms_(token_lifetime_ms) {}

  /// It has ended here: tells the listeners, and the other nodes.
  void add(SessionId session);
  /// It has ended on another node: tells the listeners, where it is news.
  void heard(SessionId session);
  /// Costs an atomic read where none has ended lately.
  bool contains(SessionId session) const;
  /// Called once for each session that ends, on the thread that ends it. Before the first session ends.
  void listen(std::function<void(SessionId)> listener) { listeners_.push_back(std::move(listener)); }
  /// How the other nodes are told. Before the first session ends.
  void tell_others_by(std::function<void(SessionId)> tell) { tell_others_ = std::move(tell); }

 private:
  /// False where it was known.
  bool remember(SessionId session);

  Clock& clock_;
  const std::int64_t keep_ms_;
  std::function<void(SessionId)> tell_others_;
  std::vector<std::function<void(SessionId)>> listeners_;
  std::atomic<std::size_t> count_ = 0;  // of ended_
  mutable std::mutex mutex_;
  std::unordered_map<SessionId, std::int64_t, IdHash<SessionTag>> ended_;  // until when it matters
  std::int64_t swept_ms_ = 0;
};

}  // namespace concord::identity
