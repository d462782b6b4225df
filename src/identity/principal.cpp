#include "identity/principal.h"

#include <algorithm>
#include <array>

namespace concord::identity {

namespace {
constexpr std::array<std::string_view, 4> kRoles{"owner", "admin", "member", "guest"};
}

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  const auto at = std::ranges::find(kRoles, text);
  if (at == kRoles.end()) return std::nullopt;
  return static_cast<Role>(at - kRoles.begin());
}

}  // namespace concord::identity
