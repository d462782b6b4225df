#pragma once
// Making accounts, signing in, refreshing and signing out. Any reactor.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/reactor.h"
#include "guard/rate_limiter.h"
#include "guard/sign_in_delays.h"
#include "identity/access_tokens.h"
#include "identity/identity.h"
#include "identity/invitations.h"
#include "identity/password_hasher.h"
#include "identity/second_factor_store.h"
#include "identity/sessions.h"
#include "identity/sign_in_parts.h"
#include "identity/tickets.h"

namespace concord::identity {

class SignIn {
 public:
  /// `setup_token`: see Identity::setup_token; `has_account`: whether there is an account by now.
  SignIn(const Options& options, Dependencies& dependencies, Accounts& accounts, Invitations& invitations,
         SecondFactorStore& factors, Tickets& tickets, Sessions& sessions, EndedSessions& ended, PasswordHasher& hasher,
         AccessTokens& tokens, std::optional<std::string> setup_token, bool has_account);
  ~SignIn();

  /// kPermissionDenied (registration closed, or the setup token or invitation missing or wrong), kConflict (e-mail
  /// taken), kRateLimited with the context `retry_after` in seconds, kUnavailable (too many wait).
  Task<Grant> register_account(NewAccount wanted, Caller caller);
  /// kUnauthenticated with one message for an unknown e-mail, a wrong password and a deactivated account;
  /// kRateLimited, kUnavailable.
  Task<std::variant<Grant, SecondStep>> log_in(Email email, std::string password, Caller caller);
  /// What follows on a first step, by the name of a `provider` where it was not a password: a session, or the second
  /// step. Fails as open.
  Task<std::variant<Grant, SecondStep>> first_step_done(Account account, Caller caller, std::string_view provider);
  /// A session of an account that has proved itself, also `by` a second step where that is not empty. Fails as a wrong
  /// password does where the account was deactivated or its credentials changed since it was read.
  Task<Grant> open(Account account, Caller caller, std::string_view by, std::string_view provider = {});
  /// What a second step fails with whose first one does not count (any more).
  static std::unexpected<Error> begin_again();
  void note_refused(const std::optional<Account>& account, std::string reason, const Caller& caller);
  /// kUnauthenticated where the token is not the newest of a living session.
  Task<Grant> refresh(std::string token, Caller caller);
  /// Ends the token's session; succeeds also where there is none.
  Task<> log_out(std::string token, Caller caller);

  /// The account, where that is its password; or, where it has none and none is shown, where the session is recent.
  /// Else kPermissionDenied naming `field`. A password counts as a try to sign in: kRateLimited, kUnavailable.
  Task<Account> prove(const Acting& by, std::optional<std::string> password, std::string field);
  Task<Account> prove_password(UserId user, std::string password, std::string field, Caller caller);
  /// In the place of a password: kPermissionDenied naming `field` where the session was not opened in the last
  /// kRecentMs.
  Task<> prove_recent(UserId user, SessionId session, std::string field);
  static constexpr std::int64_t kRecentMs = 10 * 60'000;
  /// kRateLimited where too much is tried from there, or failed lately.
  Result<> take_attempt(const Caller& caller);

  Task<std::vector<SessionRow>> sessions(UserId user);
  /// kNotFound where the user has no such session.
  Task<> end_session(UserId user, SessionId session, Caller caller);
  /// All of the user's but `kept`; how many.
  Task<std::size_t> end_other_sessions(UserId user, SessionId kept, Caller caller);

  /// Some account is gone: there may be none now.
  void account_gone() { has_account_ = false; }

  struct Setup {
    bool needs_owner = false;
    bool setup_token_required = false;
    Registration registration = Registration::kOpen;
  };
  Task<Setup> setup();
  std::optional<std::string> setup_token() const;

 private:
  struct Attempt;
  Task<bool> has_account();
  Result<> may_register(bool first, const NewAccount& wanted) const;
  /// What can be said before a password is hashed.
  Task<> check_registration(const NewAccount& wanted);
  Task<> insert(engines::Transaction& transaction, const NewAccount& wanted, Attempt& attempt, const Caller& caller);
  /// Fails as a wrong password does where the account was deactivated or its credentials changed since it was read.
  Task<> open_session(const Account& account, RefreshToken token, const Caller& caller);
  /// `gone`: the sessions that went by the limit.
  Task<> open_session(engines::Transaction& transaction, const Account& account, RefreshToken token,
                      const Caller& caller, std::vector<SessionId>& gone);
  Task<> renew_hash(Account account, std::string password);
  Task<Grant> grant(Account account, RefreshToken token);
  Result<> take(guard::RateLimiter& limiter, const std::string& key, std::string_view what, const Caller& caller);
  std::unexpected<Error> refuse_for(std::int64_t wait_s, std::string_view what, const Caller& caller);
  Task<Grant> refused_refresh(RefreshOutcome outcome, SessionId session, std::optional<Account> account, Caller caller);
  Result<> take_attempt(const std::string& email_key, const Caller& caller);
  void note_failed(const Email& email, const std::optional<Account>& account, const Caller& caller);

  const Options& options_;
  Dependencies& on_;
  Accounts& accounts_;
  Invitations& invitations_;
  SecondFactorStore& factors_;
  Tickets& tickets_;
  Sessions& sessions_;
  EndedSessions& ended_;
  PasswordHasher& hasher_;
  AccessTokens& tokens_;
  const std::optional<std::string> setup_token_;
  std::atomic<bool> has_account_;  // false where it has to be asked
  guard::RateLimiter sign_ins_;
  guard::RateLimiter registrations_;
  guard::SignInDelays delays_;
  struct Counters;
  const std::unique_ptr<Counters> counters_;
};

}  // namespace concord::identity
