#pragma once
// The routes on accounts that are there, and on invitations to more.

#include "identity/account_changes.h"
#include "identity/invitations.h"
#include "net/http.h"

namespace concord::identity {

class AccountRoutes {
 public:
  AccountRoutes(const Options& options, Dependencies& dependencies, Identity& identity, AccountChanges& changes,
                Invitations& invitations, AccountMails& mails)
      : options_(options),
        on_(dependencies),
        identity_(identity),
        changes_(changes),
        invitations_(invitations),
        mails_(mails) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> rename(net::Request request);
  Task<net::Response> change_password(net::Request request);
  Task<net::Response> reset_password(net::Request request);
  Task<net::Response> request_reset(net::Request request);
  Task<net::Response> confirm_by_link(net::Request request);
  Task<net::Response> request_confirmation(net::Request request);
  Task<net::Response> confirm(net::Request request);
  Task<net::Response> make_reset_link(net::Request request);
  Task<net::Response> deactivate(net::Request request);
  Task<net::Response> reactivate(net::Request request);
  Task<net::Response> invite(net::Request request);
  Task<net::Response> list_invitations(net::Request request);
  Task<net::Response> revoke_invitation(net::Request request);

  Task<Acting> acting(const net::Request& request);
  Task<Acting> admin(const net::Request& request);
  /// An admin's change of the path's {user}, answered with the account.
  Task<net::Response> change(net::Request request, Task<Account> (AccountChanges::*how)(Acting, UserId));

  const Options& options_;
  Dependencies& on_;
  Identity& identity_;
  AccountChanges& changes_;
  Invitations& invitations_;
  AccountMails& mails_;
};

}  // namespace concord::identity
