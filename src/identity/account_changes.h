#pragma once
// What becomes of an account once it is there: its name, its password, its e-mail confirmed, deactivated and active
// again. Any reactor.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "identity/links.h"
#include "identity/sign_in.h"

namespace concord::identity {

/// A principal who acts, and where from.
struct Acting {
  Authenticated who;
  Caller caller;
};

class AccountChanges {
 public:
  /// `changed` is called after a change of what an account may do, or of how it is called.
  AccountChanges(Dependencies& dependencies, Accounts& accounts, EndedSessions& ended, PasswordHasher& hasher,
                 SignIn& sign_in, std::function<void()> changed)
      : on_(dependencies),
        accounts_(accounts),
        links_(dependencies.tables),
        ended_(ended),
        hasher_(hasher),
        sign_in_(sign_in),
        changed_(std::move(changed)) {}

  Task<Account> rename(Acting by, std::string name);
  /// Ends the caller's other sessions and the links that would set the password. kPermissionDenied with the field
  /// "old_password"; kConflict where it was changed meanwhile.
  Task<> change_password(Acting by, std::string old_password, std::string new_password);
  /// By a link: ends all of the account's sessions. kPermissionDenied with the field "token" where the link is used,
  /// too old, or never was.
  Task<> reset_password(std::string secret, std::string new_password, Caller caller);

  // By an admin, of an account below them: kPermissionDenied where it is not, kNotFound.
  Task<Account> confirm(Acting by, UserId user);
  struct ResetLink {
    std::string secret;
    std::int64_t expires_ms = 0;
  };
  /// kConflict where the account is deactivated.
  Task<ResetLink> make_reset_link(Acting by, UserId user);
  /// Ends all of its sessions; its links and invitations no longer hold.
  Task<Account> deactivate(Acting by, UserId user);
  Task<Account> reactivate(Acting by, UserId user);

 private:
  struct Reset {
    std::string secret, hash;
    std::int64_t now_ms = 0;
    std::optional<UserId> user;
    std::vector<SessionId> gone;
  };
  Task<Account> administered(const Acting& by, UserId user);
  Task<Account> set_active(Acting by, UserId user, bool active);
  static Task<> reset(engines::Transaction& transaction, Reset& reset);
  Task<> record(std::string action, const Acting& by, UserId user);
  void end(const std::vector<SessionId>& sessions);

  Dependencies& on_;
  Accounts& accounts_;
  Links links_;
  EndedSessions& ended_;
  PasswordHasher& hasher_;
  SignIn& sign_in_;
  const std::function<void()> changed_;
};

}  // namespace concord::identity
