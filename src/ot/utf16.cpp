#include "ot/utf16.h"

#include <cstddef>
#include <cstdint>

namespace concord::ot {
namespace {

constexpr char32_t kReplacement = 0xfffd;

/// Decodes one code point at `at` and moves past it; a malformed sequence moves past its longest valid
/// beginning (Unicode 15, section 3.9, "maximal subpart").
char32_t decode_one(std::string_view utf8, std::size_t& at) {
  const auto lead = static_cast<std::uint8_t>(utf8[at++]);
  if (lead < 0x80) return lead;
  unsigned more = 0;
  std::uint8_t least = 0x80;
  std::uint8_t most = 0xbf;
  char32_t value = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    more = 1;
    value = lead & 0x1fU;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    more = 2;
    value = lead & 0x0fU;
    if (lead == 0xe0) least = 0xa0;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    more = 3;
    value = lead & 0x07U;
    if (lead == 0xf0) least = 0x90;
    if (lead == 0xf4) most = 0x8f;
  } else {
    return kReplacement;
  }
  for (; more > 0; --more) {
    if (at == utf8.size()) return kReplacement;
    const auto next = static_cast<std::uint8_t>(utf8[at]);
    if (next < least || next > most) return kReplacement;
    value = value << 6U | (next & 0x3fU);
    least = 0x80;
    most = 0xbf;
    ++at;
  }
  return value;
}

}  // namespace

std::u16string to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const char32_t point = decode_one(utf8, at);
    if (point > 0xffff) {
      out.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10U)));
      out.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ffU)));
    } else {
      out.push_back(static_cast<char16_t>(point));
    }
  }
  return out;
}

void append_utf8(std::string& out, char32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0U | point >> 6U));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xe0U | point >> 12U));
    out.push_back(static_cast<char>(0x80U | (point >> 6U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  } else {
    out.push_back(static_cast<char>(0xf0U | point >> 18U));
    out.push_back(static_cast<char>(0x80U | (point >> 12U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point >> 6U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  }
}

std::string to_utf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t point : to_code_points(text)) {
    const bool lone = is_high_surrogate(point) || is_low_surrogate(point);
    append_utf8(out, lone ? kReplacement : point);
  }
  return out;
}

std::u32string to_code_points(std::u16string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char32_t unit = text[at];
    if (is_high_surrogate(unit) && at + 1 < text.size() && is_low_surrogate(text[at + 1])) {
      out.push_back(0x10000 + ((unit - 0xd800) << 10U) + (static_cast<char32_t>(text[++at]) - 0xdc00));
    } else {
      out.push_back(unit);
    }
  }
  return out;
}

}  // namespace concord::ot
