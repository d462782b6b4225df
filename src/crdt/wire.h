#pragma once
// Wire: reading and writing lib0's primitive forms at full speed. A reader never throws and never allocates; the first
// failure sticks, says what it was and where, and every later read fails too.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/word_varuint.h"

namespace concord::crdt {

class WireReader {
 public:
  explicit WireReader(ByteView input) : begin_(input.data()), at_(begin_), end_(begin_ + input.size()) {}
  /// Reads a part of `whole` and tells positions in the whole.
  WireReader(ByteView whole, ByteView part) : begin_(whole.data()), at_(part.data()), end_(at_ + part.size()) {}

  bool ok() const { return what_ == nullptr; }
  bool at_end() const { return at_ == end_; }
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at() const { return at_; }

  /// Records the first failure; returns false for convenience. `what` is a literal.
  bool fail(const char* what) {
    if (what_ == nullptr) {
      what_ = what;
      failed_at_ = position();
      end_ = at_;
    }
    return false;
  }
  /// kInvalidArgument with the facts `field` (the subject), `byte` and, where one is given, `column`.
  Error error(std::string_view subject, std::string_view column = {}) const;

  bool byte(std::uint8_t& out) {
    if (at_ == end_) return fail("it ends too early");
    out = *at_++;
    return true;
  }
  /// At most 2^53 - 1.
  bool uint(std::uint64_t& out) {
    if (at_ != end_ && *at_ < 0x80) [[likely]] {
      out = *at_++;
      return true;
    }
    return word_uint(out) || long_uint(out);
  }
  /// To a place further on in the input.
  void move_to(const std::uint8_t* at) { at_ = at; }
  /// A varint: sign and magnitude (below 2^53), because there is a negative zero.
  [[gnu::always_inline]] bool sint(std::uint64_t& magnitude, bool& negative) {
    std::uint64_t word = 0;
    const std::uint8_t* after = left() < 8 ? nullptr : read_word_varuint(at_, word);
    if (after == nullptr || word >> 54U != 0) return long_sint(magnitude, negative);
    at_ = after;
    negative = (word & 0x40U) != 0;
    magnitude = (word >> 7U << 6U) | (word & 0x3fU);
    return true;
  }
  bool skip(std::uint64_t count) {
    if (count > left()) return fail("a length points beyond its end");
    at_ += count;
    return true;
  }
  bool var_bytes(ByteView& out) {
    std::uint64_t length = 0;
    if (!uint(length)) return false;
    if (length > left()) return fail("a length points beyond its end");
    out = {at_, static_cast<std::size_t>(length)};
    at_ += length;
    return true;
  }

 private:
  /// False, and nothing read, where less than a word is left or the number is too large for that.
  bool word_uint(std::uint64_t& out) {
    if (left() < 8) return false;
    std::uint64_t value = 0;
    const std::uint8_t* after = read_word_varuint(at_, value);
    if (after == nullptr || value >> 53U != 0) return false;
    at_ = after;
    out = value;
    return true;
  }
  bool long_uint(std::uint64_t& out);
  bool long_sint(std::uint64_t& magnitude, bool& negative);

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const char* what_ = nullptr;
  std::size_t failed_at_ = 0;
};

constexpr std::size_t kMaxVaruint = 10;

/// Writes at `out`, which has room, and returns the end.
inline std::uint8_t* put_varuint(std::uint8_t* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<std::uint8_t>(value | 0x80U);
    value >>= 7U;
  }
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

/// Appends to a buffer that the caller owns.
class WireWriter {
 public:
  explicit WireWriter(Bytes& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(value); }
  void uint(std::uint64_t value) {
    if (value < 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value));
      return;
    }
    std::uint8_t buffer[kMaxVaruint];
    const std::uint8_t* end = put_varuint(buffer, value);
    out_.insert(out_.end(), static_cast<const std::uint8_t*>(buffer), end);
  }
  void sint(std::uint64_t magnitude, bool negative) {
    const bool more = magnitude > 0x3f;
    byte(static_cast<std::uint8_t>((more ? 0x80U : 0U) | (negative ? 0x40U : 0U) | (magnitude & 0x3fU)));
    if (more) uint(magnitude >> 6U);
  }
  void bytes(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void var_bytes(ByteView view) {
    uint(view.size());
    bytes(view);
  }
  /// Lets `write(at)` write up to `most` bytes at `at`; it returns where it ended.
  template <class Write>
  void fill(std::size_t most, Write write) {
    const std::size_t size = out_.size();
    out_.resize(size + most);
    out_.resize(static_cast<std::size_t>(write(out_.data() + size) - out_.data()));
  }
  Bytes& buffer() { return out_; }

 private:
  Bytes& out_;
};

}  // namespace concord::crdt
