#pragma once
// The composition root's work: wires every part of a node together, serves, and takes it apart again.

#include <ostream>

#include "base/config.h"

namespace concord::app {

/// Serves until SIGTERM or SIGINT, then drains within SHUTDOWN_MS. `out` gets the address once the hub is ready. An
/// error is what kept the hub from starting.
Result<> serve_until_signal(const Config& config, std::ostream& out);

}  // namespace concord::app
