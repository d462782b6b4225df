#pragma once
// One connection to a PostgreSQL server, by libpq's asynchronous calls in pipeline mode. Lives on one reactor;
// everything here is called there. What waits, waits until its own deadline: a server that has stopped answers nobody.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/reactor.h"
#include "engines/tables.h"
#include "postgres/wire_values.h"

namespace concord::postgres {

/// One statement of an exchange; it is prepared, and kept prepared for the next time.
struct Step {
  std::string sql;
  std::vector<Parameter> parameters;
};

/// One server, in libpq's keywords.
using Keywords = std::vector<std::pair<std::string, std::string>>;

struct ConnectionLimits {
  std::int64_t connect_timeout_ms = 5000;
  std::size_t max_result_bytes = 64U << 20U;  // of one exchange; then kTooLarge, and the connection is gone
  std::size_t cached_statements = 256;
};

class Connection {
 public:
  /// kUnavailable where the server cannot be reached in time, refuses, or is not what `keywords` ask for.
  static Task<std::shared_ptr<Connection>> open(Reactor& reactor, Clock& clock, Keywords keywords,
                                                ConnectionLimits limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The rows of each step, or the first failure: steps behind it are not run. Outside a transaction block the steps
  /// are one transaction, which is durable by then. `done` runs on the reactor, never within this call. kUnavailable
  /// past `timeout_ms`: the connection is gone then, and so is everything else that was on its way. Also kUnavailable
  /// where the engine gave up waiting for its standbys: what was committed here may be lost with this server.
  using Done = std::move_only_function<void(Result<std::vector<engines::Rows>>)>;
  void submit(const std::vector<Step>& steps, std::int64_t timeout_ms, Done done);
  /// The same for a coroutine of the reactor, which goes on there.
  Task<std::vector<engines::Rows>> run(std::vector<Step> steps, std::int64_t timeout_ms);

  /// Ends it: all that is on its way is answered with `error`.
  void abort(const Error& error);

  bool is_open() const;
  /// Whether it went because the server did not answer in time.
  bool has_timed_out() const;
  /// Open, with nothing on its way, and outside a transaction.
  bool is_idle() const;
  std::size_t in_flight() const;
  /// The number by which the server knows it.
  std::int64_t server_process() const;

 private:
  struct State;
  explicit Connection(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // shared with the handlers that wait for the socket
};

}  // namespace concord::postgres
