#pragma once
// Opens the five engines of a hub, each by the driver that its setting names.

#include <span>
#include <string>

#include "base/clock.h"
#include "base/config.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/open.h"

namespace concord::drivers {

/// The settings of this part, beside those of the embedded engines.
std::span<const Setting> settings();

/// kInvalidArgument and kUnsupported name the setting, and never show a password; otherwise what the first driver that
/// cannot open says, as `engines::open_embedded`. A server that is away may be no failure here: calls fail until it is
/// back. Blocks. What is passed by reference outlives the engines.
Result<engines::Engines> open_engines(const Config& config, engines::EnginesOptions embedded, Clock& clock,
                                      IdSource& ids, const Logger& logger, Metrics& metrics);

}  // namespace concord::drivers
