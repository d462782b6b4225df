#pragma once
// Where Redis is and how long to wait for it, from a URL.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace concord::redis {

struct Endpoint {
  std::string host;
  std::uint16_t port = 6379;

  std::string str() const { return host.contains(':') ? "[" + host + "]:" + port_str() : host + ":" + port_str(); }
  std::string port_str() const { return std::to_string(port); }
  auto operator<=>(const Endpoint&) const = default;
};

struct RedisOptions {
  std::vector<Endpoint> endpoints;  // of a Cluster: those that are asked for the others
  std::string user;                 // empty: the default one
  std::string password;
  bool is_tls = false;
  std::string ca_file;  // authorities, in PEM, that TLS trusts; empty: those of this machine
  std::int64_t database = 0;
  std::optional<bool> cluster;         // nullopt: the server says so itself
  std::string name_space = "concord";  // before every name, so that hubs can share a server

  std::string purpose = "calls";            // what its connections are for, in metrics
  std::int64_t call_timeout_ms = 2'000;     // of one command, with everything that is tried again
  std::int64_t connect_timeout_ms = 2'000;  // of a connection, until it can be used
  std::int64_t ping_ms = 5'000;             // after so long without a word a server is
                                            // asked whether it is there
  std::int64_t least_backoff_ms = 50;       // between attempts to connect: from this, doubling, to that
  std::int64_t most_backoff_ms = 5'000;
  std::size_t breaker_failures = 5;            // in a row, until a server's calls are answered without asking it
  std::int64_t breaker_open_ms = 1'000;        // then one call is let through
  std::size_t max_calls = 16'384;              // under way on one connection
  std::size_t max_unsent_bytes = 256U << 20U;  // on one connection
  std::size_t max_channels = 1'000'000;
  std::size_t max_waiting_messages = 4'096;  // for one subscriber; past it they are lost
  std::size_t max_waiting_bytes = 128U << 20U;
};

/// Reads redis://[user[:password]@]host[:port][,host[:port]…][/database][?cluster=true|false][&namespace=NAME]; rediss
/// is the same over TLS, with [&ca=FILE]. User, password and the parameters may have bytes as %XX.
/// `redis://:password@host` is the default user's password. Several hosts are of one Cluster. kInvalidArgument says
/// what is wrong and never shows the password.
Result<RedisOptions> parse_redis_url(std::string_view url);

}  // namespace concord::redis
