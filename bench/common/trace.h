#pragma once
// A trace as common/traces.mjs hands it over: records of u32 position, u32 deleted, u32 length of the text, the text;
// little-endian, positions in UTF-16 code units.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "common/measure.h"

namespace concord::bench {

struct TraceEdit {
  std::uint32_t position = 0;
  std::uint32_t deleted = 0;
  std::string_view text;
};

class Trace {
 public:
  explicit Trace(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (bytes_.empty()) die("the trace cannot be read");
    const auto* at = reinterpret_cast<const std::uint8_t*>(bytes_.data());
    const auto* end = at + bytes_.size();
    while (at < end) {
      const auto length = get_le<std::uint32_t>(at + 8);
      edits_.push_back(
          {get_le<std::uint32_t>(at), get_le<std::uint32_t>(at + 4), {reinterpret_cast<const char*>(at) + 12, length}});
      at += 12 + length;
    }
  }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  const std::vector<TraceEdit>& edits() const { return edits_; }

 private:
  std::string bytes_;
  std::vector<TraceEdit> edits_;
};

}  // namespace concord::bench
