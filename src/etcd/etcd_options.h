#pragma once
// What the driver is opened with: the settings ETCD_*, with their units and bounds.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engines/leases.h"

namespace concord::etcd {

struct EtcdOptions {
  /// ETCD_ENDPOINTS: the members, separated by commas: `http://host:port`, `https://host:port`, or `host:port` for the
  /// former; all with TLS or all without.
  std::string endpoints;
  /// ETCD_PREFIX: every key begins with it, so that hubs can share a cluster.
  std::string prefix = "/concord/";
  /// ETCD_USER and ETCD_PASSWORD; empty: the cluster asks for none.
  std::string user;
  std::string password;
  /// ETCD_CA_FILE, ETCD_CERT_FILE, ETCD_KEY_FILE: PEM. Without the first the system's authorities are believed; the
  /// other two, which go together, are this client's own certificate.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;

  std::int64_t call_timeout_ms = 5000;     // a call with all that it tries
  std::int64_t attempt_timeout_ms = 1000;  // one member; then the next is asked
  std::int64_t probe_interval_ms = 1000;   // how often a member whose changes are watched is asked for a sign of life
  std::int64_t backoff_least_ms = 50;      // between rounds of all members, and before a broken watch is taken up again
  std::int64_t backoff_most_ms = 1000;
  std::int64_t breaker_failures = 5;    // calls that fail in a row until the next are refused at once
  std::int64_t breaker_least_ms = 250;  // how long they are, doubled with each failure of the call that tries again
  std::int64_t breaker_most_ms = 2000;
  std::int64_t max_calls = 1024;  // in flight; one more is refused with kUnavailable
  std::int64_t max_watches = 256;
  std::int64_t max_watched_names = 65'536;  // under one watch's prefix

  engines::LeaseWitness* witness = nullptr;  // is told of the driver's leases, and outlives it; null: nobody is
};

/// A member's address as gRPC takes it, and whether TLS is spoken there.
struct Endpoint {
  std::string address;
  bool secure = false;
};

constexpr std::size_t kMaxEndpoints = 32;

/// kInvalidArgument names the setting.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view text);
/// Holds the numbers against each other and their bounds; kInvalidArgument names the setting.
Result<> check(const EtcdOptions& options);

}  // namespace concord::etcd
