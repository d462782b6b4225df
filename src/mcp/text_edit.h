#pragma once
// Edits of a text that name a place by what stands there, as programs that have read it know it. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::mcp {

/// The text with `from` replaced by `to`: its one occurrence, or with `all` every one of them, from the front, without
/// overlap. kInvalidArgument with the field `old_text` where it does not occur, occurs more than once without `all`, or
/// is empty.
Result<std::string> replace_text(std::string_view text, std::string_view from, std::string_view to, bool all);

enum class Place : std::uint8_t { kStart, kEnd, kBefore, kAfter };

/// The text with `addition` at its start or end, or before or after `anchor`, which has to occur once: else
/// kInvalidArgument with the field `anchor`.
Result<std::string> insert_text(std::string_view text, std::string_view addition, Place place, std::string_view anchor);

}  // namespace concord::mcp
