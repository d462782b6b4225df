#include "guard/threats.h"

#include <algorithm>
#include <array>

namespace concord::guard {

std::string_view to_string(ThreatKind kind) {
  static constexpr std::array<std::string_view, kThreatKinds> kNames{"spraying", "stuffing", "token_reuse",
                                                                     "mass_download", "enumeration"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool DistinctCounts::add(const Key& key, const Key& thing, std::int64_t now_ms) {
  if (rule_.least == 0) return false;
  Window& window = windows_.touch(key, {.began_ms = now_ms, .things = {}});
  if (now_ms - window.began_ms >= rule_.within_ms) window = {.began_ms = now_ms, .things = {}};
  const std::size_t hash = KeyHash()(thing);
  const auto at = std::ranges::lower_bound(window.things, hash);
  if (at != window.things.end() && *at == hash) return false;
  window.things.insert(at, hash);
  if (static_cast<std::int64_t>(window.things.size()) < rule_.least) return false;
  windows_.erase(key);
  return true;
}

}  // namespace concord::guard
