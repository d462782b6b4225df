#pragma once
// What an OpenID Connect issuer says of itself at /.well-known/openid-configuration (OpenID Connect Discovery 1.0, 3),
// and the addresses that requests to a provider may go to. Pure; any thread.

#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::identity {

constexpr std::size_t kMaxProviderUrlBytes = 2048;

/// Whether requests may go to the absolute `url` of a provider: https, or, where `loopback` says that the provider runs
/// on this machine, http to this machine too. Without a user, a fragment, or anything that ends a line or a header.
bool is_provider_url(std::string_view url, bool loopback);
/// Whether it is http to this machine by one of its own names.
bool is_loopback_http(std::string_view url);

/// As form fields and queries are encoded: all but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);
/// Appends "&name=value", or "name=value" to nothing.
void append_field(std::string& form, std::string_view name, std::string_view value);
/// `url` with the fields behind those that its own query has.
std::string with_query(std::string_view url, std::string_view fields);

struct OidcMetadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string keys_url;            // jwks_uri
  std::string user_info_endpoint;  // empty: none
  bool secret_in_header = true;    // client_secret_basic; else client_secret_post
  bool names_itself = false;       // gives `iss` beside each code (RFC 9207)
};

/// kUnauthenticated with the reason "metadata" and the field, where it is not that of `issuer`, exactly, or lacks or
/// twists what the code flow needs.
Result<OidcMetadata> parse_oidc_metadata(std::string_view text, std::string_view issuer);
std::string metadata_url(std::string_view issuer);

}  // namespace concord::identity
