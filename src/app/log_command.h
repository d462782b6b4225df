#pragma once
// `concord log verify|dump|repair`: the segment log of a hub that is stopped.

#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// The words behind `log`; the exit status as run_command's: 1 also where `verify` finds damage.
int run_log_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
