#pragma once
// `concord crdt …`: looks into Yjs updates, and merges, cuts and converts them, without a hub.

#include <ostream>
#include <span>
#include <string>

namespace concord::app {

/// The words behind `crdt`; the exit status as run_command's. Binary results go to `out` as they are.
int run_crdt_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

}  // namespace concord::app
