#pragma once
// What can be set of the guard.

#include <cstdint>
#include <span>

#include "base/config.h"
#include "guard/trusted_proxies.h"

namespace concord::guard {

/// The rows this part adds to the table of settings.
std::span<const Setting> settings();

struct Options {
  std::int64_t user_per_minute = 1000;  // each 0: without limit
  std::int64_t anonymous_per_minute = 500;
  std::int64_t sign_in_per_minute = 100;
  std::int64_t polls_per_minute = 12'000;      // of one address, of sessions that are open
  std::size_t connections_per_address = 1000;  // open at once
  std::int64_t connections_per_second = 50;    // of one address
  std::int64_t failures_per_10_minutes = 20;   // accounts from one address, addresses at one account; 0: not watched
  std::int64_t reads_per_hour = 500;           // documents of one user; 0: not watched
  std::int64_t misses_per_10_minutes = 100;    // things that are not there, of one user or address; 0: not watched
  std::int64_t lock_minutes = 15;              // 0: a threat is told and nobody locked out
  std::size_t keys = 65'536;                   // remembered of each kind
  TrustedProxies proxies;
};

/// kInvalidArgument names the setting. Reads SIGN_IN_RATE_PER_MINUTE and RATE_LIMIT_KEYS too, which are identity's.
Result<Options> options_from(const Config& config);

}  // namespace concord::guard
