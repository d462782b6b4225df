#pragma once
// What differs between two texts, for people and programs to read: whole lines. Pure, and not for a reactor's thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace concord::mcp {

/// Lines that were replaced by others; each text ends with its line's end, where that has one.
struct LineChange {
  std::size_t line = 0;  // of the first text, from 1 on: the first that is removed, or before which lines are added
  std::string removed;
  std::string added;
};

struct LineChanges {
  std::vector<LineChange> changes;  // in the order of the text
  bool cut = false;                 // there are more, or they are longer, than is shown
};

constexpr std::size_t kMaxChanges = 200;
constexpr std::size_t kMaxChangedBytes = 64u << 10u;  // of all changes together

/// As few lines as can be, within the bounds of ot::DiffLimits.
LineChanges line_changes(std::string_view before, std::string_view after);

}  // namespace concord::mcp
