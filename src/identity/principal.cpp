#include "identity/principal.h"

#include <algorithm>
#include <array>

namespace concord::identity {

namespace {
constexpr std::array<std::string_view, 4> kRoles{"owner", "admin", "member", "guest"};
constexpr std::array<std::string_view, 4> kPermissions{"read", "comment", "suggest", "write"};

template <class Word>
std::optional<Word> parse(const std::array<std::string_view, 4>& words, std::string_view text) {
  const auto at = std::ranges::find(words, text);
  if (at == words.end()) return std::nullopt;
  return static_cast<Word>(at - words.begin());
}
}  // namespace

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) { return parse<Role>(kRoles, text); }

std::string_view to_string(Permission permission) { return kPermissions[static_cast<std::size_t>(permission)]; }

std::optional<Permission> parse_permission(std::string_view text) { return parse<Permission>(kPermissions, text); }

}  // namespace concord::identity
