#pragma once
// Signing in by a provider of identity, and connecting an account to one. Any reactor.
//
// A browser goes out (`depart`), comes back (`arrive`) with what makes a ticket in its address, behind the '#', and its
// page claims that: a sign-in by `finish`, a connection by `connect`. So nothing lasting ever stands in an address.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "identity/account_changes.h"
#include "identity/account_notices.h"
#include "identity/oauth_client.h"
#include "identity/oauth_connections.h"

namespace concord::identity {

class OAuthSignIn {
 public:
  /// `ask` is how providers are asked.
  OAuthSignIn(const Options& options, Dependencies& dependencies, Accounts& accounts, SignIn& sign_in,
              AccountNotices& notices, const AskProvider& ask);

  const std::vector<Provider>& providers() const { return options_.providers; }
  /// Null where the settings have none of that name.
  const Provider* find(std::string_view name) const;

  /// Where the browser with this secret goes; `linking`: see OAuthAttempt. Fails as ProviderClient::depart.
  Task<std::string> depart(const Provider& provider, std::string browser, std::optional<UserId> linking);

  /// What the browser comes back with: the query of the callback.
  struct Answer {
    std::string state;
    std::string code;
    std::string error;   // RFC 6749, 4.1.2.1
    std::string issuer;  // RFC 9207
  };
  struct Arrived {
    bool linking = false;
    std::string ticket;
    std::string problem;  // in place of a ticket: "denied", "provider", "unanswered", "answer" or "expired"
  };
  /// Fails where the tables do.
  Task<Arrived> arrive(const Provider& provider, Answer answer, std::string browser, Caller caller);

  /// What a new account may need (SignIn::register_account).
  struct Newcomer {
    std::optional<std::string> setup_token;
    std::optional<std::string> invitation;
  };
  struct SignedIn {
    std::variant<Grant, SecondStep> outcome;
    bool registered = false;
  };
  /// The account that is connected, or a new one. kUnauthenticated with the reason "ticket"; kPermissionDenied where
  /// the account is deactivated, or there is none and none may be made; kConflict with the reason "connect" where
  /// another account has the e-mail: it is never taken for theirs.
  Task<SignedIn> finish(std::string ticket, std::string browser, Newcomer newcomer, Caller caller);

  // Of whoever is signed in. `password`: where it is absent they have to have signed in moments ago; kPermissionDenied
  // with the field "password".
  Task<> prove(const Acting& by, std::optional<std::string> password);
  /// kUnauthenticated with the reason "ticket"; kConflict (OAuthConnections::connect).
  Task<> connect(Acting by, std::string ticket, std::string browser);
  /// kNotFound, kConflict (OAuthConnections::disconnect).
  Task<> disconnect(Acting by, std::string provider);
  struct Ways {
    bool password = false;
    std::vector<OAuthConnection> connections;
  };
  Task<Ways> ways_in(UserId user);

 private:
  Task<SignedIn> register_newcomer(const Provider& provider, OAuthProof proof, Newcomer newcomer, Caller caller);
  std::string redirect_uri(const Provider& provider) const;
  Task<> record(std::string action, const Acting& by, std::string provider);

  const Options& options_;
  Dependencies& on_;
  Accounts& accounts_;
  SignIn& sign_in_;
  AccountNotices& notices_;
  OAuthAttempts attempts_;
  OAuthConnections connections_;
  std::map<std::string, std::unique_ptr<ProviderClient>, std::less<>> clients_;  // by the provider's name
};

}  // namespace concord::identity
