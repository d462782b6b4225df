#pragma once
// The HTTP dialect of identity: JSON bodies in, JSON bodies out.

#include "base/clock.h"
#include "identity/account_changes.h"
#include "identity/accounts.h"
#include "identity/identity.h"
#include "identity/passkeys.h"
#include "identity/sign_in.h"
#include "net/http.h"

namespace concord::identity {

class Routes {
 public:
  Routes(const Options& options, Identity& identity, SignIn& sign_in, AccountChanges& changes, Accounts& accounts,
         Passkeys& passkeys)
      : options_(options),
        identity_(identity),
        sign_in_(sign_in),
        changes_(changes),
        accounts_(accounts),
        passkeys_(passkeys) {}

  void add_to(net::Router& router);
  /// What a sign-in is answered; `status` is that of one that is complete.
  Task<net::Response> answer(std::variant<Grant, SecondStep> signed_in, int status);

 private:
  Task<net::Response> register_account(net::Request request);
  Task<net::Response> log_in(net::Request request);
  Task<net::Response> refresh(net::Request request);
  Task<net::Response> log_out(net::Request request);
  Task<net::Response> me(net::Request request);
  Task<net::Response> list_sessions(net::Request request);
  Task<net::Response> end_session(net::Request request);
  Task<net::Response> end_other_sessions(net::Request request);
  Task<net::Response> setup(net::Request request);

  const Options& options_;
  Identity& identity_;
  SignIn& sign_in_;
  AccountChanges& changes_;
  Accounts& accounts_;
  Passkeys& passkeys_;
};

}  // namespace concord::identity
