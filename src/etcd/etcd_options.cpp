#include "etcd/etcd_options.h"

#include <algorithm>

#include "engines/option_checks.h"

namespace concord::etcd {
namespace {

using engines::check_between;
using engines::invalid_option;
using engines::is_port;

constexpr std::size_t kMaxPrefixBytes = 256;
constexpr std::int64_t kHourMs = 3'600'000;

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view address = text;
  endpoint.secure = address.starts_with("https://");
  if (endpoint.secure) address.remove_prefix(8);
  if (address.starts_with("http://")) address.remove_prefix(7);
  if (address.ends_with('/')) address.remove_suffix(1);
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || !is_port(address.substr(colon + 1)) ||
      address.find_first_of("/@? \t") != std::string_view::npos)
    return invalid_option("ETCD_ENDPOINTS", "a member is http://host:port or https://host:port", text);
  endpoint.address = address;
  return endpoint;
}

}  // namespace

Result<std::vector<Endpoint>> parse_endpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    TRY(endpoints.emplace_back(), parse_endpoint(text.substr(at, comma - at)));
    at = comma + 1;
  }
  if (endpoints.size() > kMaxEndpoints)
    return invalid_option("ETCD_ENDPOINTS", "at most 32 members", std::to_string(endpoints.size()));
  const auto differs = [&](const Endpoint& endpoint) { return endpoint.secure != endpoints.front().secure; };
  if (std::ranges::any_of(endpoints, differs))
    return invalid_option("ETCD_ENDPOINTS", "all members speak TLS (https) or none does", text);
  return endpoints;
}

Result<> check(const EtcdOptions& options) {
  TRY(const std::vector<Endpoint> endpoints, parse_endpoints(options.endpoints));
  if (options.prefix.size() > kMaxPrefixBytes)
    return invalid_option("ETCD_PREFIX", "has at most 256 bytes", std::to_string(options.prefix.size()));
  if (options.cert_file.empty() != options.key_file.empty())
    return invalid_option("ETCD_CERT_FILE", "goes together with ETCD_KEY_FILE", options.cert_file);
  const bool has_files = !options.ca_file.empty() || !options.cert_file.empty();
  if (has_files && !endpoints.front().secure)
    return invalid_option("ETCD_ENDPOINTS", "certificates are for members that speak TLS (https)", options.endpoints);
  TRY_VOID(check_between("ETCD_CALL_TIMEOUT_MS", options.call_timeout_ms, 1, kHourMs));
  TRY_VOID(check_between("ETCD_ATTEMPT_TIMEOUT_MS", options.attempt_timeout_ms, 1, options.call_timeout_ms));
  TRY_VOID(check_between("ETCD_PROBE_INTERVAL_MS", options.probe_interval_ms, 1, kHourMs));
  TRY_VOID(check_between("ETCD_BACKOFF_MOST_MS", options.backoff_most_ms, 1, kHourMs));
  TRY_VOID(check_between("ETCD_BACKOFF_LEAST_MS", options.backoff_least_ms, 1, options.backoff_most_ms));
  TRY_VOID(check_between("ETCD_BREAKER_FAILURES", options.breaker_failures, 1, 1'000'000));
  TRY_VOID(check_between("ETCD_BREAKER_MOST_MS", options.breaker_most_ms, 1, kHourMs));
  TRY_VOID(check_between("ETCD_BREAKER_LEAST_MS", options.breaker_least_ms, 1, options.breaker_most_ms));
  TRY_VOID(check_between("ETCD_MAX_CALLS", options.max_calls, 1, 1'000'000));
  TRY_VOID(check_between("ETCD_MAX_WATCHES", options.max_watches, 1, 1'000'000));
  return check_between("ETCD_MAX_WATCHED_NAMES", options.max_watched_names, 1, 10'000'000);
}

}  // namespace concord::etcd
