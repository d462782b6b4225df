#pragma once
// The locks over HTTP: who administers the hub sees them, and ends them.

#include <functional>
#include <string>

#include "base/task.h"
#include "guard/watch.h"
#include "net/http.h"

namespace concord::guard {

/// Success where the request is an admin's, else why not.
using MayAdminister = std::function<Task<>(const net::Request&)>;
/// Told that the request has ended the lock, before that is answered.
using OnUnlocked = std::function<Task<>(const net::Request&, const Lock&)>;

/// Adds GET /locks and DELETE /locks/{lock}. The watch outlives the router.
void add_lock_routes(net::Router& router, Watch& watch, MayAdminister may_administer, OnUnlocked on_unlocked);

}  // namespace concord::guard
