#pragma once
// The conversation with GitHub, or a GitHub Enterprise Server (docs.github.com, "Authorizing OAuth apps"): OAuth 2 with
// PKCE and without OpenID Connect. Who it is comes from GET /user of its API and the address from GET /user/emails; the
// subject is the account's number, which is never given to another, as names are.

#include "identity/oauth_client.h"

namespace concord::identity {

class GitHubClient final : public ProviderClient {
 public:
  GitHubClient(const Provider& provider, AskProvider ask) : provider_(provider), ask_(std::move(ask)) {}

  Task<std::string> depart(Departure departure) override;
  Task<Profile> arrive(Arrival arrival) override;

 private:
  const Provider& provider_;
  const AskProvider ask_;
};

/// `user`: what /user answers. kUnauthenticated with the reason "user_info".
Result<Profile> parse_github_user(std::string_view user);
/// The primary address of what /user/emails answers, where it is verified; else empty. Fails likewise.
Result<std::string> parse_github_emails(std::string_view emails);

}  // namespace concord::identity
