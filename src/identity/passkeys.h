#pragma once
// Passkeys: adding and taking one away, signing in by one instead of a password, and as the second step. Any reactor.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/account_changes.h"
#include "identity/passkey_store.h"
#include "identity/second_factor_store.h"

namespace concord::identity {

/// A browser's answer to a challenge.
struct PasskeyAnswer {
  Bytes credential_id;
  Bytes client_data;
  Bytes attestation_object;             // of a registration
  Bytes authenticator_data, signature;  // of an assertion
  std::optional<Bytes> user_handle;     // of an assertion: whom the authenticator keeps it for, where it says so
};

class Passkeys {
 public:
  /// `changed` is called once an account has a passkey more or less.
  Passkeys(const Options& options, Dependencies& dependencies, Accounts& accounts, PasskeyStore& store, SignIn& sign_in,
           AccountNotices& notices, std::function<void()> changed);

  Task<std::vector<Passkey>> list(UserId user) { return store_.list(user); }

  // The options are what navigator.credentials takes, as JSON with base64url where it takes bytes. kUnsupported where
  // the hub has no name that a browser takes for a site (PUBLIC_URL).

  /// kPermissionDenied with the field "password".
  Task<std::string> registration_options(Acting by, std::optional<std::string> password);
  struct Added {
    Passkey passkey;
    std::vector<std::string> recovery_codes;  // where there were none left
  };
  /// Fails as webauthn::check_registration and PasskeyStore::add; kPermissionDenied with the field "credential" where
  /// the challenge is not this user's, too old, or answered.
  Task<Added> add(Acting by, std::string name, PasskeyAnswer answer);
  /// kNotFound.
  Task<Passkey> rename(Acting by, std::string id, std::string name);
  /// kPermissionDenied with the field "password"; kNotFound.
  Task<> remove(Acting by, std::string id, std::optional<std::string> password);

  Task<std::string> sign_in_options(Caller caller);
  /// By a passkey that has checked who holds it. kUnauthenticated with the reason "passkey"; kRateLimited.
  Task<Grant> sign_in(PasskeyAnswer answer, Caller caller);

  /// As the second step of the sign-in with that ticket; absent where the user has no passkey, or the hub no name.
  Task<std::optional<std::string>> step_options(UserId user, std::string ticket);
  /// Whether the answer is right, by one of the user's.
  Task<bool> prove(UserId user, std::string ticket, PasskeyAnswer answer, Caller caller);

  /// Where passkeys work: the origin, without a port where any will do; absent where nowhere.
  std::optional<std::string> works_at() const;

 private:
  struct Checked {
    std::optional<UserId> user;  // whose passkey has answered, also where it is refused
    bool accepted = false;       // its count has moved on
  };
  Result<webauthn::Site> site() const;
  /// `user`: whose it has to be, where that is known already. What is refused is logged, a copy is audited.
  Task<Checked> check(webauthn::Expected expected, PasskeyAnswer answer, std::optional<UserId> user, Caller caller);
  void note_refused(std::string_view why, const Caller& caller);
  Task<> record_copy(const Passkey& passkey, const Caller& caller);

  const Options& options_;
  Dependencies& on_;
  Accounts& accounts_;
  PasskeyStore& store_;
  SignIn& sign_in_;
  AccountNotices& notices_;
  const std::function<void()> changed_;
};

}  // namespace concord::identity
