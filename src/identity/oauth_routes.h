#pragma once
// Signing in by a provider, and connecting one, over HTTP.
//
// The browser is known by a cookie for the ten minutes that an attempt lasts: HttpOnly, SameSite=Lax, and over HTTPS
// Secure and __Host-. It is the only cookie of the hub, and signs nobody in. What comes of an attempt stands behind the
// '#' of the page that the callback leads to, /sign-in or /account: "oauth=<ticket>" or "oauth-problem=<word>".

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "identity/oauth_sign_in.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::identity {

class OAuthRoutes {
 public:
  /// `answer` is how a sign-in is answered, with the status of one that is complete.
  using AnswerSignIn = std::function<Task<net::Response>(std::variant<Grant, SecondStep>, int status)>;
  OAuthRoutes(const Options& options, Identity& identity, OAuthSignIn& oauth, AccountChanges& changes,
              AnswerSignIn answer);

  void add_to(net::Router& router);

 private:
  Task<net::Response> list(net::Request request);
  Task<net::Response> depart(net::Request request);
  Task<net::Response> arrive(net::Request request);
  Task<net::Response> finish(net::Request request);
  Task<net::Response> ways_in(net::Request request);
  Task<net::Response> begin_connecting(net::Request request);
  Task<net::Response> connect(net::Request request);
  Task<net::Response> disconnect(net::Request request);

  Result<const Provider*> provider_of(const net::Request& request) const;
  /// The secret that the browser shows; empty where it shows none.
  std::string browser_of(const net::Request& request) const;
  void keep_browser(net::Response& response, const std::string& browser) const;
  Task<net::Response> ways_response(UserId user);

  const Options& options_;
  Identity& identity_;
  OAuthSignIn& oauth_;
  AccountChanges& changes_;
  const AnswerSignIn answer_;
  const bool secure_;
};

/// As a list.
void write_connections(json::Writer& out, const OAuthSignIn& oauth, const std::vector<OAuthConnection>& connections);

/// The value of a cookie of that name in a Cookie header (RFC 6265, 4.2), where it is a secret as the hub makes them;
/// else empty.
std::string cookie_secret(std::string_view header, std::string_view name);

}  // namespace concord::identity
