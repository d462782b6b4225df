#pragma once
// Columns: the sequences of like fields that an update in format V2 is made of (lib0's encoding.js and decoding.js).
//
//   bytes     value as a byte, varuint count - 1, and so on; the count after the last value is left out: it stands for
//             all that follow
//   numbers   varint value; where that is negative (negative zero is), varuint count - 2 follows and the value, without
//             its sign, stands so many times
//   steps     varint 2 × step + (0 | 1), where step is the difference to the number before (the first: to 0); where the
//             last bit is 1, varuint count - 2 follows and the same step is taken so many times
//   strings   var_string of all texts joined, then a column of numbers: their lengths in UTF-16 code units
//
// A reader reads in place and allocates nothing but for strings that are cut between two surrogates. Its first failure
// is kept in its WireReader, whose positions are those of the whole update.

#include <cstdint>
#include <forward_list>

#include "base/bytes.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"

namespace concord::crdt {

/// Bytes (lib0: Rle).
class ByteColumnReader {
 public:
  explicit ByteColumnReader(const WireReader& in) : in_(in) {}
  WireReader& in() { return in_; }
  const WireReader& in() const { return in_; }
  bool read(std::uint8_t& out) {
    if (left_ == 0 && !next_run()) return false;
    if (left_ != kForever) --left_;
    out = value_;
    return true;
  }
  /// What read() will give next.
  bool peek(std::uint8_t& out) {
    if (left_ == 0 && !next_run()) return false;
    out = value_;
    return true;
  }
  /// Whether all that it holds was read.
  bool used_up() const { return in_.at_end() && (left_ == 0 || left_ == kForever); }

 private:
  static constexpr std::uint64_t kForever = ~std::uint64_t{0};
  bool next_run();
  WireReader in_;
  std::uint64_t left_ = 0;
  std::uint8_t value_ = 0;
};

/// Numbers (lib0: UintOptRle).
class NumberColumnReader {
 public:
  explicit NumberColumnReader(const WireReader& in) : in_(in) {}
  WireReader& in() { return in_; }
  const WireReader& in() const { return in_; }
  bool read(std::uint64_t& out) {
    if (left_ == 0 && !next_run()) return false;
    --left_;
    out = value_;
    return true;
  }
  bool used_up() const { return in_.at_end() && left_ == 0; }

 private:
  bool next_run();
  WireReader in_;
  std::uint64_t left_ = 0;
  std::uint64_t value_ = 0;
};

/// Steps (lib0: IntDiffOptRle). Numbers below 0 are refused.
class StepColumnReader {
 public:
  explicit StepColumnReader(const WireReader& in) : in_(in) {}
  WireReader& in() { return in_; }
  const WireReader& in() const { return in_; }
  bool read(std::uint64_t& out) {
    if (left_ == 0 && !next_run()) return false;
    --left_;
    value_ += step_;
    if (value_ < 0 || value_ > kMost) [[unlikely]]
      return in_.fail("a number is below 0 or above 2^53 - 1");
    out = static_cast<std::uint64_t>(value_);
    return true;
  }
  bool used_up() const { return in_.at_end() && left_ == 0; }

 private:
  static constexpr std::int64_t kMost = (std::int64_t{1} << 53U) - 1;
  bool next_run();
  WireReader in_;
  std::uint64_t left_ = 0;
  std::int64_t value_ = 0;
  std::int64_t step_ = 0;
};

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
