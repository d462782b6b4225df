#pragma once
// The one decision on who may do what. Pure: everything it depends on is passed in.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/level.h"
#include "identity/identity.h"

namespace concord::access {

/// To whom something is granted: a user's or group's identifier, or kEverybody.
constexpr std::string_view kEverybody = "everybody";

struct Grant {
  std::string to;
  Level level = Level::kNone;
  std::int64_t expires_ms = 0;  // wall clock, from then on it counts for nothing; 0: never
  bool operator==(const Grant&) const = default;
};

/// A thing, or a folder above it: whose it is, and what is granted on it itself.
struct Holding {
  std::string thing;
  UserId owner;
  std::vector<Grant> grants;
};

/// Who asks.
struct Subject {
  UserId user;
  identity::Role role = identity::Role::kGuest;
  std::vector<identity::GroupId> groups;
  std::shared_ptr<const identity::Agent> agent = nullptr;  // where it is an agent that asks for the user
};

struct Decision {
  Level level = Level::kNone;
  std::int64_t until_ms = 0;  // when a grant that counted for it expires; 0: none does
};

/// What `who` may do with a thing at `now_ms`. `chain` is the thing, then the folder it lies in, then that one's, and
/// so on; empty for a thing that is not there.
Decision decide(const Subject& who, std::span<const Holding> chain, std::int64_t now_ms);

}  // namespace concord::access
