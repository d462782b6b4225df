#pragma once
// The table of sessions (refresh token families). Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "engines/tables.h"
#include "identity/accounts.h"
#include "identity/refresh_token.h"

namespace concord::identity {

/// Where a session is opened from.
struct SessionOrigin {
  static constexpr std::size_t kMaxUserAgentBytes = 300;
  std::string address;
  std::string user_agent;  // at most so many bytes of it are kept
};

/// One of a user's living sessions.
struct SessionRow {
  SessionId id;
  SessionOrigin origin;
  std::int64_t created_ms = 0;
  std::int64_t refreshed_ms = 0;
  std::int64_t expires_ms = 0;
};

struct SessionLimits {
  std::int64_t lifetime_ms = 0;  // since the last refresh
  std::size_t per_user = 1;
};

enum class RefreshOutcome : std::uint8_t {
  kRotated,
  kUnknown,
  kExpired,
  kRevoked,
  kReused,  // used up before: the session has been revoked now
};

class Sessions {
 public:
  Sessions(engines::Tables& tables, SessionLimits limits) : tables_(tables), limits_(limits) {}

  /// Inserts the token's session; the user's expired sessions, and those refreshed longest ago beyond the
  /// limit, go. Tells which went by the limit.
  Task<std::vector<SessionId>> open(engines::Transaction& transaction, UserId user, RefreshToken token,
                                    SessionOrigin origin, std::int64_t now_ms);

  struct Refreshed {
    RefreshOutcome outcome = RefreshOutcome::kUnknown;
    std::optional<Account> account;  // whose session it is, where rotated or reused
  };
  /// Replaces `used` by `next`. Of many calls with the same `used`, also on several nodes, one rotates; the others find
  /// it used up.
  Task<Refreshed> rotate(RefreshToken used, RefreshToken next, std::int64_t now_ms);

  /// Ends the session of a token of its family, also of one that was used up: whose it was; absent where
  /// there was none to end.
  Task<std::optional<UserId>> revoke(RefreshToken token, std::int64_t now_ms);

  /// Those that have neither ended nor expired; the one refreshed last is the first.
  Task<std::vector<SessionRow>> list(UserId user, std::int64_t now_ms);
  /// Ends one of the user's sessions; whether there was one to end.
  Task<bool> end(UserId user, SessionId session, std::int64_t now_ms);
  /// Ends all of the user's sessions but one; tells which.
  Task<std::vector<SessionId>> end_others(UserId user, SessionId kept, std::int64_t now_ms);
  /// Ends all of the user's sessions but `kept`, where that is given; tells which.
  static Task<std::vector<SessionId>> end_all(engines::Transaction& transaction, UserId user,
                                              std::optional<SessionId> kept, std::int64_t now_ms);
  /// Those of all users that were revoked since, oldest first, at most `limit`.
  Task<std::vector<SessionId>> ended_since(std::int64_t since_ms, std::int64_t limit);
  /// The user's account where the session is living; nullopt where the session has ended or either is gone.
  Task<std::optional<Account>> account_of_living(UserId user, SessionId session);

 private:
  engines::Tables& tables_;
  const SessionLimits limits_;
};

}  // namespace concord::identity
