#pragma once
// Which slot a request is about: where only the node that serves it can answer.

#include <optional>

#include "base/id.h"
#include "guard/request_limits.h"
#include "net/http.h"
#include "shard/slot_table.h"

namespace concord::app {

/// nullopt where any node can answer, or only the one that the client is connected to. `caller` is who asks, where that
/// is known.
std::optional<Slot> place_of(const net::Route& route, const net::Request& request,
                             const std::optional<guard::Caller>& caller, const shard::SlotTable& slots);

}  // namespace concord::app
