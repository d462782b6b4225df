#pragma once
// What reading or writing a document's content answers.

#include <cstdint>
#include <string>
#include <string_view>

namespace concord::documents {

/// Of an answer that was read where another node may serve the document by now: "true".
constexpr std::string_view kStaleHeader = "concord-stale";

struct DocumentContent {
  std::string json;  // a JSON value
  std::uint64_t version = 0;
  std::int64_t updated_ms = 0;
  std::uint64_t made = 0;  // of a write: the version that it made itself; 0 where it changed nothing
  bool stale = false;      // of a read: its node could not tell whether it still serves the document
};

/// What a write would do.
struct DocumentPreview {
  std::string before, after;  // JSON values, in the format that was asked for
  std::uint64_t version = 0;  // of `before`
  bool changes = false;       // also where that format does not show it
};

}  // namespace concord::documents
