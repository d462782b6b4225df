#pragma once
// `concord node-certificate`: makes the certificates by which the nodes of a hub know each other.

#include <cstdint>
#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// The exit status: 0, 1 where a file cannot be read or written, 2 for a wrong command line. `now_ms` is the wall
/// clock.
int run_node_certificate_command(std::span<const std::string> words, std::int64_t now_ms, std::ostream& out,
                                 std::ostream& errors);

}  // namespace concord::app
