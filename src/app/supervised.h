#pragma once
// The hub's side of its supervisor: what the process that watches over it has handed down.

#include <cstdint>
#include <memory>
#include <string>

#include "app/lease_pipe.h"
#include "base/result.h"

namespace concord::app {

/// The environment variable that tells: "PID FD STARTS": the supervisor, the pipe for leases, and how often the hub was
/// started before.
constexpr const char* kSupervisorVariable = "CONCORD_SUPERVISOR";

class Supervised {
 public:
  /// Null where nobody watches. From here on the process ends when its supervisor does. kUnavailable where that has
  /// happened, kInvalidArgument where the variable is not of a supervisor. To be called before threads are started.
  static Result<std::unique_ptr<Supervised>> from_environment();

  engines::LeaseWitness& leases() { return leases_; }
  std::uint64_t restarts() const { return restarts_; }

 private:
  Supervised(int fd, std::uint64_t restarts) : leases_(fd), restarts_(restarts) {}

  LeasePipe leases_;
  std::uint64_t restarts_;
};

}  // namespace concord::app
