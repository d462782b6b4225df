#pragma once
// The guard's limiter and keys, by the names that this part uses.

#include "guard/address.h"
#include "guard/rate_limiter.h"

namespace concord::identity {

using guard::address_key;
using guard::RateLimiter;

}  // namespace concord::identity
