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

Level level_of(identity::Permission permission) {
  switch (permission) {
    case identity::Permission::kRead:
      return Level::kRead;
    case identity::Permission::kComment:
      return Level::kComment;
    case identity::Permission::kSuggest:
      return Level::kSuggest;
    case identity::Permission::kWrite:
      return Level::kWrite;
  }
  return Level::kNone;
}

/// The most that its scopes let an agent do.
Level most_of(const identity::Agent& agent, std::span<const Holding> chain) {
  Level most = Level::kNone;
  for (const identity::Scope& scope : agent.scopes) {
    const bool within =
        scope.thing == identity::kEverything || std::ranges::find(chain, scope.thing, &Holding::thing) != chain.end();
    if (within) most = std::max(most, level_of(scope.most));
  }
  return most;
}

Decision decide_for_user(const Subject& who, std::span<const Holding> chain, std::int64_t now_ms) {
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

}  // namespace

Decision decide(const Subject& who, std::span<const Holding> chain, std::int64_t now_ms) {
  Decision out = decide_for_user(who, chain, now_ms);
  if (who.agent) out.level = std::min(out.level, most_of(*who.agent, chain));
  return out;
}

}  // namespace concord::access
