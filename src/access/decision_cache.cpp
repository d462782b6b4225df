#include "access/decision_cache.h"

#include <cstring>

namespace concord::access {

/// The identifiers' ends are random.
std::size_t DecisionCache::KeyHash::operator()(const Key& key) const {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::memcpy(&a, key.who.data() + 8, sizeof a);
  std::memcpy(&b, key.thing.data() + 8, sizeof b);
  return (a ^ (b * 0x9e3779b97f4a7c15ULL)) * 0xff51afd7ed558ccdULL >> 8U;
}

std::optional<Decision> DecisionCache::find(const Uuid& who, const Uuid& thing, std::int64_t now_ms) {
  const Key key{who, thing};
  Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.entries.find(key);
  if (found == part.entries.end()) return std::nullopt;
  const Entry& entry = found->second;
  const std::int64_t until_ms = entry.decision.until_ms;
  if (entry.generation == generation() && (until_ms == 0 || now_ms < until_ms)) return entry.decision;
  part.entries.erase(found);
  return std::nullopt;
}

void DecisionCache::put(const Uuid& who, const Uuid& thing, const Decision& decision, std::uint64_t generation) {
  const Key key{who, thing};
  Part& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  if (part.entries.size() >= most_per_part_) part.entries.clear();  // what is used is soon there again
  part.entries.insert_or_assign(key, Entry{generation, decision});
}

}  // namespace concord::access
