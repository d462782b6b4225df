#include "identity/oidc_metadata.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

constexpr std::string_view kReason = "metadata";

bool is_url_character(char c) {
  return c > ' ' && c <= '~' && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

/// "host[:port]" of an absolute address.
std::string_view authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?"));
}

bool is_port(std::string_view text) {
  return text.empty() || (text.front() == ':' && text.size() >= 2 && text.size() <= 6 &&
                          std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
}

struct Authority {
  std::string_view host;
  std::string_view port;  // with its ':'
};

Authority split(std::string_view authority) {
  const auto end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (end == std::string_view::npos) return {authority, {}};
  const auto host = authority.starts_with('[') ? end + 1 : end;
  return {authority.substr(0, host), authority.substr(host)};
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

Result<std::string> endpoint(const json::Object& object, std::string_view field, bool loopback) {
  TRY(std::string url, object.text(field, {.least = 1, .most = kMaxProviderUrlBytes}));
  if (!is_provider_url(url, loopback))
    return fail(json::field_error(field, "is no address that the hub sends requests to", url));
  return url;
}

/// Whether the list in the field has the word; `otherwise` where there is no list.
bool lists(const json::Object& object, std::string_view field, std::string_view word, bool otherwise) {
  const boost::json::value* value = object.raw(field);
  if (value == nullptr || !value->is_array()) return otherwise;
  return std::ranges::any_of(value->get_array(), [&](const boost::json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == word;
  });
}

Result<OidcMetadata> read(std::string_view text, std::string_view issuer) {
  TRY(const json::Object object, json::Object::parse(text, kProviderAnswer));
  TRY(const std::string said, object.text("issuer", {.least = 1, .most = kMaxProviderUrlBytes}));
  if (said != issuer) return fail(json::field_error("issuer", "is not the issuer that was asked", said));
  const bool loopback = is_loopback_http(issuer);
  OidcMetadata out;
  TRY(out.authorization_endpoint, endpoint(object, "authorization_endpoint", loopback));
  TRY(out.token_endpoint, endpoint(object, "token_endpoint", loopback));
  TRY(out.keys_url, endpoint(object, "jwks_uri", loopback));
  if (object.has("userinfo_endpoint")) {
    TRY(out.user_info_endpoint, endpoint(object, "userinfo_endpoint", loopback));
  }
  constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  out.secret_in_header = lists(object, kMethods, "client_secret_basic", true);
  if (!out.secret_in_header && !lists(object, kMethods, "client_secret_post", false) &&
      !lists(object, kMethods, "none", false))
    return fail(json::field_error(kMethods, "has no way in which the hub can show who it is"));
  TRY(const auto names_itself, object.optional_boolean("authorization_response_iss_parameter_supported"));
  out.names_itself = names_itself.value_or(false);
  return out;
}

}  // namespace

bool is_loopback_http(std::string_view url) {
  if (!url.starts_with("http://")) return false;
  const auto [host, port] = split(authority_of(url));
  return (host == "localhost" || host == "127.0.0.1" || host == "[::1]") && is_port(port);
}

bool is_provider_url(std::string_view url, bool loopback) {
  if (url.size() > kMaxProviderUrlBytes || !std::ranges::all_of(url, is_url_character)) return false;
  if (loopback && is_loopback_http(url)) return true;
  if (!url.starts_with("https://")) return false;
  const auto [host, port] = split(authority_of(url));
  return is_host(host) && is_port(port);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
    }
  }
  return out;
}

void append_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form.push_back('&');
  form.append(name).push_back('=');
  form.append(percent_encode(value));
}

std::string with_query(std::string_view url, std::string_view fields) {
  std::string out(url);
  const bool has_query = url.find('?') != std::string_view::npos;
  if (!has_query || (!url.ends_with('?') && !url.ends_with('&'))) out.push_back(has_query ? '&' : '?');
  out.append(fields);
  return out;
}

std::string metadata_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<OidcMetadata> parse_oidc_metadata(std::string_view text, std::string_view issuer) {
  auto out = read(text, issuer);
  if (!out) return not_held(kReason, "the issuer's metadata does not hold", out.error());
  return out;
}

}  // namespace concord::identity
