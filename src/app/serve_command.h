#pragma once
// `concord serve`: the hub, alone or under a supervisor.

#include <ostream>
#include <span>
#include <string>

#include "base/config.h"

namespace concord::app {

/// `words` are the command's, with its name first. Returns the status for the shell, or does not return where the hub
/// was ended by a signal.
int serve(std::span<const std::string> words, const Config& config, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
