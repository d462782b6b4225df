#pragma once
// The composition root's work: wires every part of a node together, serves, and takes it apart again.

#include <ostream>

#include "app/supervised.h"
#include "base/config.h"

namespace concord::app {

/// Serves until SIGTERM or SIGINT, then drains within SHUTDOWN_MS. `out` gets the address once the hub is ready. An
/// error is what kept the hub from starting. `supervised` is null where nobody watches over it.
Result<> serve_until_signal(const Config& config, std::ostream& out, Supervised* supervised);

}  // namespace concord::app
