#pragma once
// A line of the record, and how lines hold together.
//
// A line is one JSON object in the order of fields that docs/audit.md gives. Its last field but one is `seq`, counted
// from 1 without a gap, and its last is `previous`: the SHA-256, in hexadecimal, of the line before, all its bytes
// without the line feed; sixty-four zeros for the first. So a line that is changed, taken out, put in or moved no
// longer fits the next one. The last line's own hash, the head, is kept beside the lines.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/audit.h"

namespace concord::audit {

/// Up to where a chain has come; of an empty one, `seq` 0 and a hash of zeros.
struct Head {
  std::uint64_t seq = 0;
  std::string hash = std::string(64, '0');
  bool operator==(const Head&) const = default;
};

/// The line of an event, without a line feed; `head` moves on to it.
std::string add_line(const Event& event, std::int64_t time_ms, Head& head);

struct LinePlace {
  std::uint64_t seq = 0;
  std::string previous;
};
/// What a line says of its place; nullopt where it is no line of this format.
std::optional<LinePlace> place_of(std::string_view line);

/// Reads lines from the first to the last.
class ChainCheck {
 public:
  /// kCorrupt, naming the line and what is wrong with it. The check cannot go on after that.
  Result<> add(std::string_view line);
  const Head& head() const { return head_; }

 private:
  Head head_;
};

}  // namespace concord::audit
