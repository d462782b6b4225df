#pragma once
// `concord doctor`.

#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// The words after `doctor`. Exit status: 0 where nothing worse than a warning was found; 1 for errors; 2 for a wrong
/// command line. Where a check did not end in time the process ends here, as there is nothing to wait for.
int run_doctor_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
