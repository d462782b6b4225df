#pragma once
// Two-step sign-in: turning it on and off, and the second step itself. Any reactor.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "identity/account_changes.h"
#include "identity/passkeys.h"
#include "identity/second_factor_store.h"
#include "identity/tickets.h"

namespace concord::identity {

/// One of them.
struct SecondStepProof {
  std::string code;
  std::optional<PasskeyAnswer> passkey;
};

class SecondFactor {
 public:
  /// `changed` is called once an account's second step was turned on or off.
  SecondFactor(const Options& options, Dependencies& dependencies, Accounts& accounts, SecondFactorStore& factors,
               Tickets& tickets, EndedSessions& ended, SignIn& sign_in, AccountChanges& changes,
               AccountNotices& notices, Passkeys& passkeys, std::function<void()> changed);

  Task<Factors> of(UserId user) { return factors_.of(user); }
  Task<bool> has_password(UserId user);

  /// What an authenticator app is given.
  struct Enrolment {
    std::string secret;  // Base32
    std::string uri;     // otpauth://totp/…
  };
  /// Counts once confirmed. kPermissionDenied with the field "password"; kConflict where one-time codes are on.
  Task<Enrolment> begin_totp(Acting by, std::optional<std::string> password);
  /// On from here on; gives the recovery codes. kPermissionDenied with the field "code"; kConflict where nothing waits
  /// to be confirmed.
  Task<std::vector<std::string>> confirm_totp(Acting by, std::string code);
  /// `code`: of the app or a recovery code. kPermissionDenied with the field "password" or "code"; kRateLimited.
  Task<> disable_totp(Acting by, std::optional<std::string> password, std::string code);
  /// New ones for those there are; fails as disable_totp, and kConflict where there is no second step.
  Task<std::vector<std::string>> renew_recovery_codes(Acting by, std::optional<std::string> password, std::string code);
  /// By an admin, of an account below them: back to the password alone, and all of its sessions end.
  Task<> reset(Acting by, UserId user);

  /// The second step. kUnauthenticated with the reason "ticket" (begin again), or "code" or "passkey" with the field;
  /// kRateLimited.
  Task<Grant> log_in(std::string ticket, SecondStepProof proof, Caller caller);

 private:
  enum class Used : std::uint8_t { kNone, kTotp, kRecoveryCode, kPasskey };
  Task<Used> use(UserId user, std::string code);
  Task<Used> use(UserId user, std::string ticket, SecondStepProof proof, Caller caller);
  /// Both; fails as disable_totp.
  Task<Account> prove(const Acting& by, std::optional<std::string> password, std::string code);
  Task<> record(std::string action, const Acting& by, UserId user);

  const Options& options_;
  Dependencies& on_;
  Accounts& accounts_;
  SecondFactorStore& factors_;
  Tickets& tickets_;
  EndedSessions& ended_;
  SignIn& sign_in_;
  AccountChanges& changes_;
  AccountNotices& notices_;
  Passkeys& passkeys_;
  const std::function<void()> changed_;
};

/// otpauth://totp/ISSUER:EMAIL?secret=…, as authenticator apps read it.
std::string otpauth_uri(std::string_view issuer, std::string_view email, std::string_view secret);

}  // namespace concord::identity
