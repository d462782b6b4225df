#include "identity/account_notices.h"

namespace concord::identity {

asio::awaitable<void> AccountNotices::tell(UserId user, CredentialChange change, Caller caller) {
  if (!mails_.on()) co_return;
  const auto account = co_await accounts_.find(user);
  Result<> queued;
  if (!account) {
    queued = fail(account.error());
  } else if (*account) {
    queued = mails_.changed(**account, change, caller.address);
  }
  if (!queued)
    logger_.warn("nobody was told of a change to an account",
                 {{"user", user.str()}, {"error", queued.error().message}, {"request_id", caller.request_id}});
}

}  // namespace concord::identity
