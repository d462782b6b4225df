#include "access/decide.h"

#include <algorithm>

namespace concord::access {

namespace {

/// Guests may use what they were let in to, and let nobody else in.
constexpr Level kMostOfAGuest = Level::kWrite;

bool is_for(const Grant& grant, const Subject& who) {
  if (grant.to == kEverybody) return who.role != identity::Role::kGuest;
  if (grant.to == who.user.str()) return true;
  return std::ranges::any_of(who.groups, [&grant](identity::GroupId group) { return grant.to == group.str(); });
}

}  // namespace

Decision decide(const Subject& who, std::span<const Holding> chain, std::int64_t now_ms) {
  if (chain.empty()) return {};
  if (chain.front().owner == who.user) return {.level = Level::kOwner};
  Decision out;
  for (const Holding& holding : chain) {
    if (holding.owner == who.user) out.level = std::max(out.level, Level::kShare);
    for (const Grant& grant : holding.grants) {
      if (grant.expires_ms != 0 && grant.expires_ms <= now_ms) continue;
      if (!is_for(grant, who)) continue;
      out.level = std::max(out.level, grant.level);
      if (grant.expires_ms != 0 && (out.until_ms == 0 || grant.expires_ms < out.until_ms))
        out.until_ms = grant.expires_ms;
    }
  }
  if (who.role == identity::Role::kGuest) out.level = std::min(out.level, kMostOfAGuest);
  return out;
}

}  // namespace concord::access
