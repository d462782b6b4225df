#pragma once
// What becomes of an account once it is there: its name, its password, its e-mail confirmed, deactivated and active
// again. Any reactor.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "identity/account_mails.h"
#include "identity/account_notices.h"
#include "identity/links.h"
#include "identity/sign_in.h"

namespace concord::identity {

class AccountChanges {
 public:
  /// `changed` is called after a change of what an account may do, or of how it is called.
  AccountChanges(Dependencies& dependencies, Accounts& accounts, EndedSessions& ended, PasswordHasher& hasher,
                 SignIn& sign_in, AccountMails& mails, AccountNotices& notices, std::function<void()> changed);

  Task<Account> rename(Acting by, std::string name);
  /// Ends the caller's other sessions and the links that would set the password. kPermissionDenied with the field
  /// "old_password"; kConflict where it was changed meanwhile. Where there is none to show the sign-in has to be
  /// recent.
  Task<> change_password(Acting by, std::optional<std::string> old_password, std::string new_password);
  /// By a link: ends all of the account's sessions. kPermissionDenied with the field "token" where the link is used,
  /// too old, or never was.
  Task<> reset_password(std::string secret, std::string new_password, Caller caller);

  bool sends_mail() const { return mails_.on(); }
  /// Sends a new account the link that confirms its e-mail, where one is needed and mail is sent. Never fails: it can
  /// be asked for again.
  asio::awaitable<void> welcome(const Account& account);
  /// Sends it again. kConflict where the e-mail is confirmed; kRateLimited; kPermissionDenied where no mail is sent.
  Task<> request_confirmation(Acting by);
  /// kPermissionDenied with the field "token" where the link is used, too old, or never was.
  Task<> confirm_by_link(std::string secret, Caller caller);
  /// Sends the link to whom the e-mail belongs, if to anybody; not more than kMailsPerMinute to one. Says nothing of
  /// that. kRateLimited by the caller's address; kPermissionDenied where no mail is sent.
  Task<> request_reset(Email email, Caller caller);
  static constexpr std::int64_t kMailsPerMinute = 2;

  // By an admin, of an account below them: kPermissionDenied where it is not, kNotFound.
  /// The account, where `by` manages it.
  Task<Account> administered(const Acting& by, UserId user);
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
  Task<> mail_reset(Email email, Caller caller);
  static Task<> confirm(engines::Transaction& transaction, const std::string& secret, std::int64_t now_ms,
                        std::optional<UserId>& user);
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
  AccountMails& mails_;
  AccountNotices& notices_;
  guard::RateLimiter mail_rate_;
  const std::function<void()> changed_;
};

}  // namespace concord::identity
