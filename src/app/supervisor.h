#pragma once
// A small process that watches over a hub: it starts the hub as its child, starts it again when it dies, and ends the
// leases that the dead one held, so that other nodes take over at once and not when the leases lapse. It passes on
// SIGTERM, SIGINT and SIGHUP, and its own death is the hub's. It keeps little in memory and talks to nobody until the
// hub dies.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/restart_policy.h"
#include "base/log.h"
#include "base/result.h"
#include "engines/leases.h"

namespace concord::app {

struct SupervisorOptions {
  std::string program;             // a path
  std::vector<std::string> words;  // what it is called with, the name first
  RestartPolicy::Options restarts = {};
};

/// How a process ended: by a signal, or by itself with a status.
struct Ending {
  int signal = 0;  // 0: by itself
  int status = 0;
  bool operator==(const Ending&) const = default;
};

/// Ends these leases, or logs why not. Blocks as long as the engine's calls may; called from a thread of its own.
using EndLeases = std::function<void(std::vector<engines::LeaseId> leases)>;

/// Runs the program until it ends by itself, ends after SIGTERM or SIGINT, or has died too often; the second such
/// signal kills it. An error is what kept it from being started. Takes the signals of the process meanwhile: to be
/// called by its first thread, before there are others.
Result<Ending> supervise(SupervisorOptions options, EndLeases end_leases, Logger logger);

/// Ends this process as its child did, so that whoever started it sees the same. Answers a status where the kernel will
/// not have that.
int end_like(const Ending& ending);

}  // namespace concord::app
