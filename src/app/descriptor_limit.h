#pragma once
// How many files and connections the process may have open.

namespace concord::app {

/// As many as the system lets it.
void raise_descriptor_limit();

}  // namespace concord::app
