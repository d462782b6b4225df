#pragma once
// The variable-length integers and length-prefixed strings of lib0, which y-protocols and Yjs updates are made of.
// Source: lib0 encoding.js / decoding.js (7 bits a byte, low first, high bit = more).

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace concord {

/// Reads from a borrowed buffer. Every read is bounded by what is left; nothing is allocated for a declared length.
/// A read that fails is kInvalidArgument and leaves the position where it was.
class VarReader {
 public:
  explicit VarReader(ByteView input) : input_(input) {}

  bool at_end() const { return at_ == input_.size(); }
  std::size_t position() const { return at_; }
  ByteView rest() const { return input_.subspan(at_); }

  Result<std::uint8_t> byte();
  /// Unsigned, at most 2^53 - 1 (what JavaScript peers can hold); a longer encoding is kInvalidArgument.
  Result<std::uint64_t> uint();
  Result<ByteView> bytes(std::size_t count);
  /// A length (`uint`) and that many bytes.
  Result<ByteView> var_bytes();
  /// As var_bytes, and valid UTF-8.
  Result<std::string_view> var_string();

 private:
  ByteView input_;
  std::size_t at_ = 0;
};

void write_varuint(Bytes& out, std::uint64_t value);
void write_var_bytes(Bytes& out, ByteView bytes);
void write_var_string(Bytes& out, std::string_view text);

/// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool is_valid_utf8(std::string_view text);

}  // namespace concord
