#pragma once

#include <cstdint>
#include <string>

namespace concord::documents {

/// Who writes, and what the write is known by where it may be sent again: a retry has the same client, sequence, bytes.
struct Author {
  std::string principal;
  std::string client{};  // at most 64 bytes; empty: no retry is told apart
  std::uint64_t sequence = 0;
};

}  // namespace concord::documents
