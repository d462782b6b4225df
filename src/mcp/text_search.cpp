#include "mcp/text_search.h"

#include <algorithm>

namespace concord::mcp {

namespace {

constexpr std::size_t kAround = 80;  // bytes on each side

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

}  // namespace

std::string folded(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string> words_of(std::string_view query) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string> out;
  while (out.size() < kMaxWords) {
    const std::size_t begin = query.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) break;
    query.remove_prefix(begin);
    const std::size_t length = std::min(query.find_first_of(kBlanks), query.size());
    std::string word = folded(query.substr(0, length));
    if (std::ranges::find(out, word) == out.end()) out.push_back(std::move(word));
    query.remove_prefix(length);
  }
  return out;
}

std::string snippet(std::string_view text, std::size_t at, std::size_t length) {
  std::size_t begin = at < kAround ? 0 : at - kAround;
  while (begin < at && continues(text[begin])) ++begin;
  std::size_t end = std::min(at + length + kAround, text.size());
  while (end < text.size() && end > at && continues(text[end])) --end;
  std::string out(text.substr(begin, end - begin));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return (begin > 0 ? "…" : "") + out + (end < text.size() ? "…" : "");
}

Slice slice(std::string_view text, std::size_t offset, std::size_t most) {
  std::size_t characters = 0;
  std::size_t begin = text.size();
  std::size_t end = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues(text[i])) continue;
    if (characters == offset) begin = i;
    if (characters == offset + most) end = i;
    ++characters;
  }
  const std::size_t last = std::min(characters, offset + most);
  return {text.substr(begin, end - begin), characters, std::max(last, std::min(offset, characters))};
}

}  // namespace concord::mcp
