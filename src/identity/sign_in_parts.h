#pragma once
// What making an account and signing in are given, and what they give.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "audit/audit.h"
#include "identity/accounts.h"
#include "identity/second_factor_store.h"

namespace concord::identity {

/// Where a call comes from.
struct Caller {
  std::string address;
  std::string request_id;
  std::string user_agent;
};

/// A principal who acts, and where from.
struct Acting {
  Authenticated who;
  Caller caller;
};

/// What the audit record holds of a call that concerns `user`.
audit::Event audit_event(std::string action, UserId user, const Caller& caller);
audit::Event audit_event(std::string action, UserId user, SessionId session, const Caller& caller);

struct NewAccount {
  Email email;
  std::optional<std::string> password;  // within the bounds of the options; absent: it signs in by other ways alone
  std::string name;
  std::optional<std::string> setup_token;
  std::optional<std::string> invitation;  // its secret
  bool email_verified = false;            // on the word of a provider
  std::string provider;                   // whose word brought it here; may be empty
  /// Part of the making: where it fails there is no account.
  std::function<Task<>(engines::Transaction&, UserId)> also;
};

/// What a sign-in gives.
struct Grant {
  std::string access_token;
  std::string refresh_token;
  std::int64_t expires_in_s = 0;
  Account account;
};

/// A sign-in that waits for its second step.
struct SecondStep {
  UserId user;
  Factors factors;
  std::string ticket;
};

}  // namespace concord::identity
