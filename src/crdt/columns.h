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
// A reader reads in place and allocates nothing (but for strings, string_column.h). Its first failure is kept in its
// WireReader, whose positions are those of the whole update. What reads a run is compiled into where it is read: a
// document that is loaded is little else.

#include <cstdint>

#include "crdt/wire.h"

namespace concord::crdt {

/// Bytes (lib0: Rle).
class ByteColumnReader {
 public:
  explicit ByteColumnReader(const WireReader& in) : in_(in) {}
  WireReader& in() { return in_; }
  const WireReader& in() const { return in_; }
  [[gnu::always_inline]] bool read(std::uint8_t& out) {
    if (left_ == 0 && !next_run()) return false;
    if (left_ != kForever) --left_;
    out = value_;
    return true;
  }
  /// What read() will give next.
  [[gnu::always_inline]] bool peek(std::uint8_t& out) {
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
  [[gnu::always_inline]] bool read(std::uint64_t& out) {
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
  [[gnu::always_inline]] bool read(std::uint64_t& out) {
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

inline bool ByteColumnReader::next_run() {
  if (!in_.byte(value_)) return false;
  if (in_.at_end()) {
    left_ = kForever;
    return true;
  }
  if (!in_.uint(left_)) return false;
  ++left_;
  return true;
}

[[gnu::always_inline]] inline bool NumberColumnReader::next_run() {
  if (!in_.at_end() && *in_.at() < 0x40) [[likely]] {  // one byte, and no run
    value_ = *in_.at();
    in_.move_to(in_.at() + 1);
    left_ = 1;
    return true;
  }
  bool negative = false;
  if (!in_.sint(value_, negative)) return false;
  if (!negative) {
    left_ = 1;
    return true;
  }
  if (!in_.uint(left_)) return false;
  left_ += 2;
  return true;
}

[[gnu::always_inline]] inline bool StepColumnReader::next_run() {
  std::uint64_t magnitude = 0;
  bool negative = false;
  if (!in_.sint(magnitude, negative)) return false;
  const std::int64_t doubled = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  step_ = doubled >> 1;
  left_ = 1;
  if ((doubled & 1) == 0) return true;
  if (!in_.uint(left_)) return false;
  left_ += 2;
  return true;
}

}  // namespace concord::crdt
