#include "gateway/origins.h"

#include <algorithm>

namespace concord::gateway {
namespace {

constexpr std::string_view kPreflightSeconds = "600";
constexpr std::string_view kRequestHeaders =
    "authorization, content-type, if-none-match, mcp-method, mcp-name, mcp-protocol-version, x-request-id";
constexpr std::string_view kExposedHeaders =
    "etag, location, ratelimit, ratelimit-limit, ratelimit-policy, ratelimit-remaining, ratelimit-reset, retry-after, "
    "www-authenticate, x-request-id";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// The host and port of an origin, as a Host header has them.
std::string_view authority_of(std::string_view origin) { return origin.substr(origin.find("://") + 3); }

/// A Host header whose name can lead to this machine alone.
bool names_loopback(std::string_view host) {
  const std::string name =
      lower(host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':')));
  const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
  return name == "localhost" || name == "[::1]" || (address && name.starts_with("127."));
}

}  // namespace

std::optional<std::string> normal_origin(std::string_view text) {
  std::string origin = lower(text);
  const bool secure = origin.starts_with("https://");
  if (!secure && !origin.starts_with("http://")) return std::nullopt;
  const std::string_view own_port = secure ? ":443" : ":80";
  const std::string_view authority = authority_of(origin);
  const bool plain = std::ranges::all_of(authority, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("-._:[]").contains(c);
  });
  if (authority.empty() || !plain) return std::nullopt;
  if (authority.ends_with(own_port)) origin.resize(origin.size() - own_port.size());
  return origin;
}

Origins::Origins(const std::vector<std::string>& allowed) {
  for (const std::string& origin : allowed)
    if (auto normal = normal_origin(origin)) allowed_.push_back(std::move(*normal));
}

bool Origins::is_allowed(std::string_view origin) const {
  if (allowed_.empty()) return false;
  const auto normal = normal_origin(origin);
  return normal && std::ranges::find(allowed_, *normal) != allowed_.end();
}

bool Origins::may_upgrade(const net::Request& request) const {
  const std::string_view given = request.header("origin");
  if (given.empty()) return true;
  const auto origin = normal_origin(given);
  if (!origin) return false;  // "null" among others: a sandboxed page
  // The scheme is not compared: TLS may end before the hub.
  const std::string_view scheme = std::string_view(*origin).substr(0, origin->find("://") + 3);
  const auto own = normal_origin(std::string(scheme) + request.host);
  return (own && *own == *origin) || is_allowed(given);
}

bool Origins::may_call(const net::Request& request) const {
  const std::string_view given = request.header("origin");
  if (given.empty() || is_allowed(given)) return true;
  return may_upgrade(request) && (request.secure || names_loopback(request.host));
}

void Origins::add_headers(std::string_view origin, net::Response& response) const {
  if (allowed_.empty()) return;
  response.set("vary", "origin");
  if (!is_allowed(origin)) return;
  response.set("access-control-allow-origin", std::string(origin));
  response.set("access-control-expose-headers", std::string(kExposedHeaders));
}

net::Response Origins::options(const net::Request& request, std::string_view methods) const {
  net::Response response;
  response.status = 204;
  response.set("allow", std::string(methods));
  if (!request.header("access-control-request-method").empty() && is_allowed(request.header("origin"))) {
    response.set("access-control-allow-methods", std::string(methods));
    response.set("access-control-allow-headers", std::string(kRequestHeaders));
    response.set("access-control-max-age", std::string(kPreflightSeconds));
  }
  return response;
}

}  // namespace concord::gateway
