#pragma once
// The table of sessions (refresh token families). Any reactor.

#include <cstdint>
#include <optional>

#include "base/task.h"
#include "engines/tables.h"
#include "identity/accounts.h"
#include "identity/refresh_token.h"

namespace concord::identity {

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
  /// limit, go.
  Task<> open(engines::Transaction& transaction, UserId user, RefreshToken token, std::int64_t now_ms);

  struct Refreshed {
    RefreshOutcome outcome = RefreshOutcome::kUnknown;
    std::optional<Account> account;  // whose session it is, where rotated or reused
  };
  /// Replaces `used` by `next`. Of many calls with the same `used`, also on several nodes, one rotates; the others find
  /// it used up.
  Task<Refreshed> rotate(RefreshToken used, RefreshToken next, std::int64_t now_ms);

  /// Ends the session of a token of its family, also of one that was used up; whether there was one to end.
  Task<bool> revoke(RefreshToken token, std::int64_t now_ms);

 private:
  engines::Tables& tables_;
  const SessionLimits limits_;
};

}  // namespace concord::identity
