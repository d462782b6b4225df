#pragma once
// Whom people may sign in with, as the settings name them.

#include <span>
#include <string>
#include <vector>

#include "base/config.h"

namespace concord::identity {

/// The rows of the table of settings.
std::span<const Setting> oauth_settings();

enum class ProviderKind : std::uint8_t {
  kOidc,    // OpenID Connect, found by its issuer
  kGitHub,  // OAuth 2 and an API that tells who it is
};

struct Provider {
  std::string name;   // of lower-case letters and digits
  std::string label;  // for people
  ProviderKind kind = ProviderKind::kOidc;
  std::string issuer;  // of GitHub: the address of the site
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::string scopes;         // separated by blanks

  bool operator==(const Provider&) const = default;
};

/// In the order of OAUTH_PROVIDERS. kInvalidArgument names the setting that is missing or malformed.
Result<std::vector<Provider>> oauth_providers_from(const Config& config);

}  // namespace concord::identity
