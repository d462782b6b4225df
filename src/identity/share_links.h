#pragma once
// Links that let whoever holds one use a thing without an account.
//
// A link is an agent of who made it, with one scope: so it never may more than they may themselves, at that moment, and
// what comes by it is recorded under its name. Its secret ("clk_" and 32 random bytes in base64url) is shown once. Who
// opens the link with it, and with the password where it has one, gets the token that visitors act by ("clv_"), which
// is made from both and stored nowhere; the table holds SHA-256 hashes. Any reactor.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/rate_limiter.h"
#include "identity/agents.h"
#include "identity/identity.h"
#include "identity/password_hasher.h"

namespace concord::identity {

constexpr std::string_view kVisitorTokenPrefix = "clv_";

class ShareLinks {
 public:
  static constexpr std::int64_t kMaxLinks = 100;  // to one thing

  /// `ended` is called with what the visitors of a removed link have open.
  ShareLinks(const Options& options, Dependencies& dependencies, PasswordHasher& hasher,
             std::function<void(SessionId)> ended);

  /// kTooLarge past kMaxLinks; kPermissionDenied where the hub has no links.
  Task<MadeLink> make(By by, WantedLink wanted);
  /// Those to the thing itself that have not expired, in the order of their making.
  Task<std::vector<ShareLink>> of(std::string thing);
  /// kNotFound where the thing has no such link.
  Task<> remove(By by, std::string thing, AgentId id);

  struct Opened {
    ShareLink link;
    std::string token;
  };
  /// kNotFound where no living link has this secret; kPermissionDenied with the field "password" where it is missing or
  /// wrong; kRateLimited. `by.user` is not looked at.
  Task<Opened> open(std::string secret, std::optional<std::string> password, By by);

 private:
  struct Row {
    ShareLink link;
    std::string token_hash;
    std::string password_hash;  // empty: none
  };
  static Result<Row> row_of(const engines::Row& columns);
  Task<std::vector<Row>> find(std::string condition, std::vector<engines::Value> arguments);
  Result<> may_be() const;
  Result<> take(const std::string& key);
  Task<> record(std::string action, const ShareLink& link, std::string actor, By by);

  const Options& options_;
  Dependencies& on_;
  PasswordHasher& hasher_;
  const std::function<void(SessionId)> ended_;
  guard::RateLimiter tries_;
};

}  // namespace concord::identity
