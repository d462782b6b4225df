#pragma once
// The distributed driver of the `coordination` port: etcd 3.4 or later, one or several members.
//
// An ownership is a key with a lease of its own (ownership_record.h says how it stands there, and what its epoch is).
// It ends where the lease is not renewed in time, or is revoked, by whomever. `expires_ns` is counted from before etcd
// was asked, so it is never later than etcd's own end of the lease; etcd counts in whole seconds, and not in less
// than 1.5 times its election timeout, so others may have to wait longer than that. A new leader of etcd's begins every
// lease anew.
//
// Where an acquisition is answered with kUnavailable it may have happened all the same: the same owner takes it again,
// or its lease ends.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/coordination.h"
#include "etcd/etcd_options.h"

namespace concord::etcd {

/// etcd may be away. kInvalidArgument names the setting. What is passed by reference outlives the driver and the
/// coroutines that wait on it when it is destroyed. Not destroyed from a watch's callback.
Result<std::unique_ptr<engines::Coordination>> open_etcd_coordination(EtcdOptions options, Clock& clock, IdSource& ids,
                                                                      const Logger& logger, Metrics& metrics);

}  // namespace concord::etcd
