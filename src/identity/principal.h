#pragma once
// Who acts, as other parts see it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace concord::identity {

struct SessionTag {
  static constexpr std::string_view kPrefix = "ses";
};
/// One sign-in and all the refreshes that follow from it.
using SessionId = Id<SessionTag>;

struct GroupTag {
  static constexpr std::string_view kPrefix = "grp";
};
using GroupId = Id<GroupTag>;

/// What a principal may do on the hub as a whole, most first. The owner and admins administer it; a guest sees what was
/// shared with them and makes nothing.
enum class Role : std::uint8_t { kOwner, kAdmin, kMember, kGuest };

constexpr bool administers(Role role) { return role <= Role::kAdmin; }

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

struct Principal {
  UserId id;
  std::string name;
  std::string email;
  Role role = Role::kMember;
};

/// What a user is on the hub, beside themselves.
struct Membership {
  Role role = Role::kGuest;
  std::vector<GroupId> groups;
};

/// A principal who has shown a valid access token.
struct Authenticated {
  Principal principal;
  std::int64_t expires_ms = 0;  // wall clock; from then on the token is refused
  SessionId session;
};

}  // namespace concord::identity
