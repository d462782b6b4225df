#pragma once
// Tells people by mail that what their account is signed in by was changed, so that they notice where it was not them.
// Any reactor.

#include <cstdint>
#include <string>

#include "base/log.h"
#include "identity/account_mails.h"
#include "identity/sign_in.h"

namespace concord::identity {

class AccountNotices {
 public:
  AccountNotices(Accounts& accounts, AccountMails& mails, Logger logger)
      : accounts_(accounts), mails_(mails), logger_(std::move(logger)) {}

  /// To the address of the account. Never fails, and does nothing where the hub sends no mail: the change was made.
  asio::awaitable<void> tell(UserId user, CredentialChange change, Caller caller);

 private:
  Accounts& accounts_;
  AccountMails& mails_;
  Logger logger_;
};

}  // namespace concord::identity
