#pragma once
// Looks at everything that a hub with these settings stands on.

#include <cstdint>

#include "base/config.h"
#include "doctor/finding.h"

namespace concord::doctor {

struct Examination {
  Report report;
  /// Whether every check has ended. Those that have not are told as errors, and their threads still run: the process
  /// is to end without waiting for them.
  bool is_whole = true;
};

/// The engines are asked beside each other. Blocks, for no longer than `most_ms`.
Examination examine(const Config& config, std::int64_t most_ms);

}  // namespace concord::doctor
