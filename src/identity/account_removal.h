#pragma once
// Accounts that go for good. From the moment a removal begins the account is out, as a deactivated one; then every part
// that keeps something of the user takes it away, and at last the account itself goes. A removal that a crash cut off
// is finished at the next start. Any reactor.

#include <functional>
#include <string>
#include <vector>

#include "identity/account_changes.h"

namespace concord::identity {

class AccountRemoval {
 public:
  /// `changed`: as of AccountChanges.
  AccountRemoval(Dependencies& dependencies, Accounts& accounts, EndedSessions& ended, SignIn& sign_in,
                 std::function<void()> changed)
      : on_(dependencies), accounts_(accounts), ended_(ended), sign_in_(sign_in), changed_(std::move(changed)) {}

  /// See Identity::on_account_removed.
  void listen(std::function<Task<>(UserId)> remove) { listeners_.push_back(std::move(remove)); }

  /// kPermissionDenied with the field "password"; kConflict for the owner while there are other accounts. After any
  /// other failure the account is out already, and the rest goes at the next start.
  Task<> remove(Acting by, std::optional<std::string> password);
  /// See Identity::finish_removals.
  Task<> finish_all();

 private:
  Task<> finish(UserId user, Caller caller);

  Dependencies& on_;
  Accounts& accounts_;
  EndedSessions& ended_;
  SignIn& sign_in_;
  const std::function<void()> changed_;
  std::vector<std::function<Task<>(UserId)>> listeners_;
};

}  // namespace concord::identity
