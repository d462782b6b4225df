#include "identity/principal.h"

namespace concord::identity {

std::string_view to_string(Role role) { return role == Role::kOwner ? "owner" : "member"; }

std::optional<Role> parse_role(std::string_view text) {
  if (text == "owner") return Role::kOwner;
  if (text == "member") return Role::kMember;
  return std::nullopt;
}

}  // namespace concord::identity
