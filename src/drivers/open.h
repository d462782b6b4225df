#pragma once
// Opens the five engines of a hub, each by the driver that its setting names.

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/leases.h"
#include "engines/open.h"
#include "engines/topics.h"

namespace concord::drivers {

/// The settings of this part, beside those of the embedded engines.
std::span<const Setting> settings();

/// kInvalidArgument and kUnsupported name the setting, and never show a password; otherwise what the first driver that
/// cannot open says, as `engines::open_embedded`. A server that is away may be no failure here: calls fail until it is
/// back. Blocks. `witness` is told of the leases where there are such; null: nobody is. What is passed by reference
/// outlives the engines.
Result<engines::Engines> open_engines(const Config& config, engines::EnginesOptions embedded, Clock& clock,
                                      IdSource& ids, const Logger& logger, Metrics& metrics,
                                      engines::LeaseWitness* witness = nullptr);

/// Where events are published; null where no broker is named, or they are not to be. As `open_engines`.
Result<std::unique_ptr<engines::Topics>> open_topics(const Config& config, const Logger& logger, Metrics& metrics);

/// Whether ownerships are held by leases, which outlive a process that dies.
bool has_leases(const Config& config);
/// Ends leases of a process that has died. kUnavailable where the engine is away: then they lapse by themselves.
/// Blocks; not from a reactor's thread.
Result<> revoke_leases(const Config& config, std::vector<engines::LeaseId> leases, Clock& clock, IdSource& ids,
                       const Logger& logger, Metrics& metrics);

}  // namespace concord::drivers
