#pragma once
// `concord audit verify`: holds the chain of the audit record.

#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// The exit status: 0 where the record is whole, 1 where it is not or cannot be read, 2 for a wrong command line.
int run_audit_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
