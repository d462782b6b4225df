#pragma once
// How often what a hub keeps is compared, and what may be done about it.

#include <cstdint>
#include <span>

#include "base/config.h"

namespace concord::reconcile {

struct Options {
  std::int64_t interval_ms = 86'400'000;  // from the end of one pass over a shard to the next; 0: there are none
  std::int64_t settle_ms =
      60'000;  // a shard is served so long before the first; and between one that fails and the next
  std::int64_t grace_ms = 604'800'000;  // how long content without a document stays
  std::int64_t per_second = 100;        // documents of one shard
  std::int64_t orphans_percent = 1;     // more of a shard's documents than that, and more than a few, are not removed
};

std::span<const Setting> settings();
Options options_from(const Config& config);

}  // namespace concord::reconcile
