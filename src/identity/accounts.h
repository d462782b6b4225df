#pragma once
// The table of users. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "engines/tables.h"
#include "identity/email.h"
#include "identity/options.h"
#include "identity/principal.h"

namespace concord::identity {

struct Account {
  Principal principal;
  std::string password_hash;  // a PHC string; never leaves this part
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> verified_ms;     // when the e-mail was confirmed
  std::optional<std::int64_t> deactivated_ms;  // since when nobody signs in to it
  std::int64_t credentials = 0;                // grows with each change of what it signs in by
  bool has_second_step = false;                // codes of an app, or a passkey
};

/// What the account may do now: that of a guest where e-mails have to be confirmed and its own is not.
Role acting_role(const Account& account, bool guest_until_verified);
/// Whether a second step is demanded of an account of that role, and it has none.
bool lacks_second_step(Role role, bool has_second_step, SecondFactorDemand demand);

class Accounts {
 public:
  explicit Accounts(engines::Tables& tables) : tables_(tables) {}

  Task<bool> any();
  Task<std::optional<Account>> find(UserId id);
  Task<std::optional<Account>> find_by_email(std::string email_key);
  /// Those that exist, in no order.
  Task<std::vector<Principal>> find_all(std::vector<UserId> ids);

  /// Whose name or e-mail contains `text`, in the order of their identifiers, which is that of their making. Capitals
  /// of the Latin alphabet do not count.
  Task<std::vector<Account>> list(std::optional<UserId> after, std::string text, std::int64_t limit);
  /// Whether it was `old_role` still.
  Task<bool> set_role(UserId id, Role old_role, Role new_role);

  /// Whether there is such an account.
  Task<bool> rename(UserId id, std::string name);
  /// Notes that the e-mail is confirmed, where it was not; whether it was not.
  Task<bool> set_verified(UserId id, std::int64_t now_ms);
  static Task<> set_verified(engines::Transaction& transaction, UserId id, std::int64_t now_ms);

  /// `deactivated_ms` absent: active again. Whether that changed anything.
  static Task<bool> set_deactivated(engines::Transaction& transaction, UserId id,
                                    std::optional<std::int64_t> deactivated_ms);
  /// Deactivates for good, where the account is active and its credentials are still `credentials`: whether they were.
  static Task<bool> begin_removal(engines::Transaction& transaction, UserId id, std::int64_t credentials,
                                  std::int64_t now_ms);
  Task<std::vector<UserId>> removals_begun();
  /// The row, and with it the user's sessions, memberships, links, invitations and agents. Whether it was there.
  Task<bool> remove(UserId id);
  /// kConflict where there is no way left to sign in to it: no password, no service, no passkey.
  static Task<> check_way_in(engines::Transaction& transaction, UserId id);
  static Task<bool> has_others(engines::Transaction& transaction, UserId id);
  /// Where the account's credentials are still `credentials`: whether they were.
  static Task<bool> set_password(engines::Transaction& transaction, UserId id, std::int64_t credentials,
                                 std::string hash);
  /// Whatever it was; of an active account.
  static Task<> replace_password(engines::Transaction& transaction, UserId id, std::string hash);
  /// What it signs in by has changed: what was read before opens no session.
  static Task<> note_new_credentials(engines::Transaction& transaction, UserId id);
  /// Whether the account is active and its credentials are still `credentials`.
  static Task<bool> may_sign_in(engines::Transaction& transaction, UserId id, std::int64_t credentials);

  static Task<bool> any(engines::Transaction& transaction);
  static Task<bool> has_email(engines::Transaction& transaction, std::string email_key);
  static Task<> insert(engines::Transaction& transaction, Account account, std::string email_key);
  /// Where the stored hash is still `old_hash`.
  Task<> replace_password_hash(UserId id, std::string old_hash, std::string new_hash);

 private:
  engines::Tables& tables_;
};

/// kCorrupt where a row does not hold what this part writes; `columns` are those of kAccountColumns.
Result<Account> account_of(const engines::Row& columns);
constexpr std::string_view kAccountColumns =
    "u.id, u.email, u.name, u.role, u.password_hash, u.created_ms, u.verified_ms, u.deactivated_ms, u.credentials, "
    "CASE WHEN EXISTS (SELECT 1 FROM identity_totp t WHERE t.user_id = u.id AND t.confirmed_ms IS NOT NULL) OR EXISTS "
    "(SELECT 1 FROM identity_passkeys p WHERE p.user_id = u.id) THEN 1 ELSE 0 END";
constexpr std::size_t kAccountColumnCount = 10;

}  // namespace concord::identity
