#pragma once
// The routes on who is on the hub: groups and their members, accounts and their roles.

#include <functional>
#include <vector>

#include "identity/accounts.h"
#include "identity/groups.h"
#include "identity/identity.h"
#include "identity/second_factor_store.h"
#include "identity/sign_in.h"
#include "net/http.h"

namespace concord::identity {

class PeopleRoutes {
 public:
  /// `changed` is called after a change of a role or of who is in a group.
  PeopleRoutes(Dependencies& dependencies, Identity& identity, Accounts& accounts, SecondFactorStore& factors,
               Groups& groups, std::function<void()> changed)
      : on_(dependencies),
        identity_(identity),
        accounts_(accounts),
        factors_(factors),
        groups_(groups),
        changed_(std::move(changed)) {}

  void add_to(net::Router& router);

 private:
  struct Asked {
    Principal who;
    Group group;
  };
  Task<net::Response> create(net::Request request);
  Task<net::Response> list(net::Request request);
  Task<net::Response> read(net::Request request);
  Task<net::Response> rename(net::Request request);
  Task<net::Response> remove(net::Request request);
  Task<net::Response> add_member(net::Request request);
  Task<net::Response> remove_member(net::Request request);
  Task<net::Response> users(net::Request request);
  Task<net::Response> set_role(net::Request request);
  /// Of the identifiers, with commas between them, the accounts that exist.
  Task<std::vector<Account>> named(std::string ids);
  Task<net::Response> users_response(std::vector<Account> accounts, bool more);

  /// The caller, where they are no guest.
  Task<Principal> insider(const net::Request& request);
  Task<Principal> admin(const net::Request& request);
  /// The group of the path, for an admin.
  Task<Asked> asked(const net::Request& request);
  Task<> record(std::string action, const Principal& who, std::string target, const net::Request& request,
                std::vector<std::pair<std::string, std::string>> detail = {});

  Dependencies& on_;
  Identity& identity_;
  Accounts& accounts_;
  SecondFactorStore& factors_;
  Groups& groups_;
  const std::function<void()> changed_;
};

}  // namespace concord::identity
