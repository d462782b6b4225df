#pragma once
// What a principal may do with a document. Each level includes the ones before it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace concord::documents {

enum class AccessLevel : std::uint8_t { kNone = 0, kRead = 1, kComment = 2, kWrite = 3, kOwner = 4 };

constexpr std::string_view to_string(AccessLevel level) {
  constexpr std::string_view kWords[] = {"none", "read", "comment", "write", "owner"};
  return kWords[static_cast<std::size_t>(level)];
}

/// A level that can be granted: "read", "comment" or "write".
constexpr std::optional<AccessLevel> grantable_level(std::string_view word) {
  for (AccessLevel level : {AccessLevel::kRead, AccessLevel::kComment, AccessLevel::kWrite}) {
    if (to_string(level) == word) return level;
  }
  return std::nullopt;
}

}  // namespace concord::documents
