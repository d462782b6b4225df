#pragma once
// What the columns of column_writers.h are written to, and how a run of a column is written.

#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "crdt/pod_array.h"
#include "crdt/wire.h"
#include "crdt/word_varuint.h"

namespace concord::crdt {

/// Bytes that are appended a few at a time.
class ColumnBytes {
 public:
  /// Lets `write(at)` write up to kMost bytes at the end, of which it keeps those up to what it returns.
  static constexpr std::size_t kMost = 32;
  template <class Write>
  void put(Write write) {
    bytes_.reserve_more(kMost);
    bytes_.truncate(static_cast<std::size_t>(write(bytes_.end()) - bytes_.data()));
  }
  void append(ByteView more) {
    if (!more.empty()) std::memcpy(bytes_.extend(more.size()), more.data(), more.size());
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void clear() { bytes_.clear(); }
  std::size_t size() const { return bytes_.size(); }
  ByteView view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  PodArray<std::uint8_t> bytes_;
};

/// A varint (sign and magnitude below 2^53) and, where `count` is above 1, how often it stands there less 2. The sign
/// is bit 6 of the first byte, so with the magnitude's higher bits moved up it is written as a varuint.
inline std::uint8_t* put_run(std::uint8_t* to, std::uint64_t magnitude, bool negative, std::uint64_t count) {
  to = put_word_varuint(to, (magnitude & ~std::uint64_t{0x3f}) << 1U | (negative ? 0x40U : 0U) | (magnitude & 0x3fU));
  return count > 1 ? put_varuint(to, count - 2) : to;
}

}  // namespace concord::crdt
