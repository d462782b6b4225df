#pragma once
// The column of strings (columns.h says its form).

#include <cstdint>
#include <forward_list>

#include "base/bytes.h"
#include "crdt/columns.h"
#include "crdt/utf16.h"

namespace concord::crdt {

/// Strings. The text is checked as a whole at the beginning.
class StringColumnReader {
 public:
  explicit StringColumnReader(const WireReader& in);
  WireReader& in() { return lengths_.in(); }
  const WireReader& in() const { return lengths_.in(); }
  /// A view into the update, or into this reader where the string begins or ends with half of a surrogate pair, which
  /// becomes U+FFFD.
  bool read(ByteView& out, TextScan& scan);
  /// Whether it is ASCII throughout and so many bytes can be read where the next string begins; `limit` is where what
  /// can be read ends.
  bool is_plain(const std::uint8_t* limit, std::ptrdiff_t readable) const { return ascii_ && limit - at_ >= readable; }
  const std::uint8_t* at() const { return at_; }
  /// Bytes of text still to come.
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool used_up() const { return at_ == end_ && lengths_.used_up(); }

 private:
  bool read_wide(std::uint64_t units, ByteView& out, TextScan& scan);
  NumberColumnReader lengths_;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  bool ascii_ = false;
  bool half_ = false;  // the first half of the character at `at_` was read
  std::forward_list<Bytes> cut_;
};

}  // namespace concord::crdt
