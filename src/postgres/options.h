#pragma once
// How a hub's PostgreSQL is reached and what a call may take.

#include <cstdint>
#include <string>

#include "base/circuit_breaker.h"
#include "postgres/connection.h"

namespace concord::postgres {

struct PoolOptions {
  /// postgres://user:password@host:port[,host:port]/database?…, as libpq reads it. Of several hosts the one that takes
  /// writes is used.
  std::string url;
  std::string use = "tables";  // a label of the metrics
  std::string isolation = "serializable";

  std::size_t connections = 8;
  std::size_t max_waiting = 4096;                // calls that wait for a connection; past it kUnavailable
  std::int64_t max_wait_ms = 10'000;             // then kUnavailable
  std::int64_t statement_timeout_ms = 30'000;    // kept by the server; then kTimeout
  std::int64_t lock_timeout_ms = 10'000;         // kept by the server; then kUnavailable
  std::int64_t idle_in_transaction_ms = 20'000;  // kept by the server, whose client may be gone
  std::int64_t grace_ms =
      2000;  // what the server's answer may take beyond its own limits; then the connection is dropped
  ConnectionLimits connection;
  CircuitBreaker::Options breaker = {.failures = 1, .least_ms = 100, .most_ms = 5000};  // of failures to connect
};

/// The servers that the URL names, each with all that the URL says, in its order. kInvalidArgument, without the URL's
/// words, where it cannot be read.
Result<std::vector<Keywords>> servers_of(const PoolOptions& options);

}  // namespace concord::postgres
