#pragma once
// Issues access tokens, and tells who holds one. Any reactor.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/task.h"
#include "identity/agents.h"
#include "identity/ended_sessions.h"
#include "identity/options.h"
#include "identity/sessions.h"
#include "identity/signing_keys.h"
#include "identity/token_cache.h"

namespace concord::identity {

class AccessTokens {
 public:
  AccessTokens(const Options& options, const KeyRing& keys, Sessions& sessions, Agents& agents,
               const EndedSessions& ended, Clock& clock, Metrics& metrics);

  /// Half a millisecond of work: on a pool.
  Result<std::string> issue(UserId user, SessionId session) const;

  /// See Identity::authenticate_bearer; `setting_up`: also whoever has to set up a second step of signing in first.
  Task<Authenticated> check(std::string_view token, bool setting_up = false);
  /// See Identity::known_bearer.
  std::shared_ptr<const Authenticated> known(std::string_view token);

  /// Accounts have changed: who holds a token is asked again.
  void forget_holders() { cache_.clear(); }

  std::int64_t lifetime_seconds() const { return lifetime_s_; }

 private:
  struct Verified {
    UserId user;
    SessionId session;
    std::int64_t expires_ms = 0;
  };
  Result<Verified> verify(std::string_view token) const;
  Task<Authenticated> check_cold(std::string token, crypto::Sha256 digest, bool setting_up);
  Task<Authenticated> check_agent(std::string token, crypto::Sha256 digest);

  const std::string issuer_;
  const std::string audience_;
  const std::int64_t lifetime_s_;
  const bool guests_until_verified_;
  const SecondFactorDemand demand_;
  const bool share_links_;
  const KeyRing& keys_;
  Sessions& sessions_;
  Agents& agents_;
  const EndedSessions& ended_;
  Clock& clock_;
  Counter& cached_;
  Counter& of_known_session_;
  Counter& cold_;
  Counter& refused_;
  TokenCache cache_;
};

/// kUnauthenticated with the context `reason`.
std::unexpected<Error> refuse_token(std::string_view reason, std::string message);

}  // namespace concord::identity
