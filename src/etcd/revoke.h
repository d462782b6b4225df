#pragma once
// Ends leases that this process does not hold: those of one that has died.

#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/leases.h"
#include "etcd/etcd_options.h"

namespace concord::etcd {

/// Ends all of them, and what they hold is free; one that has ended already counts as ended. kUnavailable where etcd
/// did not say so of each within the time of a call: what is left lapses by itself. kInvalidArgument names the setting.
/// Blocks; not from a reactor's thread.
Result<> revoke_leases(EtcdOptions options, std::vector<engines::LeaseId> leases, Clock& clock, IdSource& ids,
                       const Logger& logger, Metrics& metrics);

}  // namespace concord::etcd
