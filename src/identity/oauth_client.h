#pragma once
// How a provider is asked who somebody is: by OpenID Connect's code flow (OpenID Connect Core 1.0, 3.1, with PKCE,
// RFC 7636, and the issuer's name beside the code, RFC 9207), or GitHub's, which is OAuth 2 (RFC 6749) and an API.

#include <memory>
#include <string>

#include "base/clock.h"
#include "identity/oauth_http.h"
#include "identity/oauth_providers.h"
#include "identity/oidc_tokens.h"

namespace concord::identity {

/// What one sign-in goes out with. Each is made of random bytes, base64url.
struct Departure {
  std::string redirect_uri;
  std::string state;
  std::string nonce;
  std::string challenge;  // the SHA-256 of the verifier
};
/// And what it comes back with.
struct Arrival {
  std::string redirect_uri;
  std::string code;
  std::string issuer;  // as the answer names it; empty: it does not
  std::string nonce;
  std::string verifier;
};

/// Any reactor. Fails as kUnavailable or kTimeout where the provider does not answer, and as kUnauthenticated with the
/// context `reason` where what it answers does not hold.
class ProviderClient {
 public:
  virtual ~ProviderClient() = default;
  /// Where the browser goes.
  virtual Task<std::string> depart(Departure departure) = 0;
  virtual Task<Profile> arrive(Arrival arrival) = 0;
};

/// All of it outlives the client.
std::unique_ptr<ProviderClient> make_provider_client(const Provider& provider, AskProvider ask, Clock& clock);

}  // namespace concord::identity
