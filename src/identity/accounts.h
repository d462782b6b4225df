#pragma once
// The table of users. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "engines/tables.h"
#include "identity/email.h"
#include "identity/principal.h"

namespace concord::identity {

struct Account {
  Principal principal;
  std::string password_hash;  // a PHC string; never leaves this part
  std::int64_t created_ms = 0;
};

class Accounts {
 public:
  explicit Accounts(engines::Tables& tables) : tables_(tables) {}

  Task<bool> any();
  Task<std::optional<Account>> find(UserId id);
  Task<std::optional<Account>> find_by_email(std::string email_key);
  /// Those that exist, in no order.
  Task<std::vector<Principal>> find_all(std::vector<UserId> ids);

  /// In the order of their identifiers, which is that of their making.
  Task<std::vector<Account>> list(std::optional<UserId> after, std::int64_t limit);
  /// Whether it was `old_role` still.
  Task<bool> set_role(UserId id, Role old_role, Role new_role);

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
constexpr std::string_view kAccountColumns = "u.id, u.email, u.name, u.role, u.password_hash, u.created_ms";

}  // namespace concord::identity
