#pragma once
// UTF-8 and UTF-16, for code that counts as Quill and Yjs do. JavaScript peers can make a lone surrogate: it
// is read from three bytes of generalised UTF-8 as the one unit that they count, and written as U+FFFD, since
// UTF-8 has no form for it.

#include <string>
#include <string_view>

namespace concord::ot {

constexpr bool is_high_surrogate(char32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
constexpr bool is_low_surrogate(char32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/// Each malformed sequence of the input becomes one U+FFFD.
std::u16string to_utf16(std::string_view utf8);
std::string to_utf8(std::u16string_view text);

/// Code points; a lone surrogate stands for itself.
std::u32string to_code_points(std::u16string_view text);
/// How many UTF-16 code units a code point (or a lone surrogate) takes.
constexpr unsigned utf16_length(char32_t code_point) { return code_point > 0xffff ? 2 : 1; }
void append_utf8(std::string& out, char32_t code_point);

}  // namespace concord::ot
