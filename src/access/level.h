#pragma once
// What a principal may do with a thing. Each level includes the ones before it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace concord::access {

/// kSuggest may propose edits that a writer takes or leaves; kShare may give away what it has, up to itself; kOwner may
/// remove the thing.
enum class Level : std::uint8_t {
  kNone = 0,
  kRead = 1,
  kComment = 2,
  kSuggest = 3,
  kWrite = 4,
  kShare = 5,
  kOwner = 6
};

constexpr std::string_view to_string(Level level) {
  constexpr std::string_view kWords[] = {"none", "read", "comment", "suggest", "write", "share", "owner"};
  return kWords[static_cast<std::size_t>(level)];
}

/// A level that can be granted: "read", "comment", "suggest", "write" or "share".
constexpr std::optional<Level> grantable_level(std::string_view word) {
  for (Level level : {Level::kRead, Level::kComment, Level::kSuggest, Level::kWrite, Level::kShare}) {
    if (to_string(level) == word) return level;
  }
  return std::nullopt;
}

}  // namespace concord::access
