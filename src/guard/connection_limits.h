#pragma once
// How many connections an address may have open, and how many it may open a second: against floods, and against slow
// clients that hold what they open. An IPv6 address counts with its /64; trusted proxies are not counted, for they
// speak for many. Any thread.

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "guard/options.h"
#include "net/connection_policy.h"

namespace concord::guard {

class ConnectionLimits final : public net::ConnectionPolicy {
 public:
  ConnectionLimits(const Options& options, Clock& clock, Metrics& metrics);
  ~ConnectionLimits() override;  // after every ticket

  std::unique_ptr<net::ConnectionTicket> admit(std::string_view address) override;
  /// With connections open.
  std::size_t addresses() const;

 private:
  struct State;
  class Ticket;
  const std::unique_ptr<State> state_;
};

}  // namespace concord::guard
