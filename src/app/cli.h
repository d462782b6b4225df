#pragma once
// The command line: which command, with which flags.

#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// Runs one command and returns the process's exit status: 0 done, 1 it failed, 2 the words were wrong.
int run_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
