#pragma once
// The routes of who leaves the hub: what it keeps about them, and the removal of their account.

#include "identity/account_removal.h"
#include "identity/agents.h"
#include "identity/groups.h"
#include "identity/oauth_sign_in.h"
#include "identity/passkey_store.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::identity {

class LeavingRoutes {
 public:
  LeavingRoutes(const Options& options, Identity& identity, AccountRemoval& removal, Accounts& accounts,
                SignIn& sign_in, Groups& groups, Agents& agents, PasskeyStore& passkeys, OAuthSignIn& oauth)
      : options_(options),
        identity_(identity),
        removal_(removal),
        accounts_(accounts),
        sign_in_(sign_in),
        groups_(groups),
        agents_(agents),
        passkeys_(passkeys),
        oauth_(oauth) {}

  void add_to(net::Router& router);
  void export_documents_by(DocumentsExport documents) { documents_ = std::move(documents); }

 private:
  Task<net::Response> export_all(net::Request request);
  Task<net::Response> remove(net::Request request);
  Task<> write_groups(json::Writer& out, UserId user);

  const Options& options_;
  Identity& identity_;
  AccountRemoval& removal_;
  Accounts& accounts_;
  SignIn& sign_in_;
  Groups& groups_;
  Agents& agents_;
  PasskeyStore& passkeys_;
  OAuthSignIn& oauth_;
  DocumentsExport documents_;
};

}  // namespace concord::identity
