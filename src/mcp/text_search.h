#pragma once
// Words in a text: whether they are there, and where. Case of ASCII letters does not count. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::mcp {

constexpr std::size_t kMaxWords = 8;

/// What stands between white space, in lower case, each once; the first kMaxWords.
std::vector<std::string> words_of(std::string_view query);

/// A copy with ASCII letters in lower case; every byte stays where it is.
std::string folded(std::string_view text);

/// What stands around the `length` bytes at `at`, on one line, cut between characters.
std::string snippet(std::string_view text, std::size_t at, std::size_t length);

/// The first `most` code points from the `offset`th on, as bytes of the UTF-8 text, and how many there are in all.
struct Slice {
  std::string_view text;
  std::size_t total = 0;  // code points of the whole text
  std::size_t end = 0;    // code points up to the end of the slice
};
Slice slice(std::string_view text, std::size_t offset, std::size_t most);

}  // namespace concord::mcp
