#pragma once
// The writers of the columns of columns.h. Each ends its last run in finish(), after which it is empty again and keeps
// its capacity. Writing comes down to a comparison with the value before and, where it differs, one or two words at the
// end of an array that has room: a document in V2 is five of these for each of its structs.

#include <cstdint>

#include "base/bytes.h"
#include "crdt/column_bytes.h"
#include "crdt/wire.h"

namespace concord::crdt {

class ByteColumnWriter {
 public:
  void write(std::uint8_t value) {
    if (count_ > 0 && value == value_) {
      ++count_;
      return;
    }
    bytes_.put([&](std::uint8_t* to) {
      if (count_ > 0) to = put_varuint(to, count_ - 1);
      *to = value;
      return to + 1;
    });
    value_ = value;
    count_ = 1;
  }
  /// As a var_bytes.
  void finish(WireWriter& out);
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  std::size_t size() const { return bytes_.size(); }

 private:
  ColumnBytes bytes_;
  std::uint64_t count_ = 0;
  std::uint8_t value_ = 0;
};

class NumberColumnWriter {
 public:
  void write(std::uint64_t value) {
    if (count_ > 0 && value == value_) {
      ++count_;
      return;
    }
    flush();
    value_ = value;
    count_ = 1;
  }
  void finish(WireWriter& out);
  /// Without a length before it, for the lengths of strings, which end their column.
  ByteView end();
  void clear();
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  std::size_t size() const { return bytes_.size(); }

 private:
  void flush() {
    if (count_ != 0) bytes_.put([&](std::uint8_t* to) { return put_run(to, value_, count_ > 1, count_); });
  }
  ColumnBytes bytes_;
  std::uint64_t count_ = 0;
  std::uint64_t value_ = 0;
};

class StepColumnWriter {
 public:
  void write(std::uint64_t value) {
    const auto number = static_cast<std::int64_t>(value);
    if (count_ > 0 && number - value_ == step_) {
      ++count_;
    } else {
      flush();
      step_ = number - value_;
      count_ = 1;
    }
    value_ = number;
  }
  void finish(WireWriter& out);
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  std::size_t size() const { return bytes_.size(); }

 private:
  void flush() {
    if (count_ == 0) return;
    const std::int64_t doubled = step_ * 2 + (count_ > 1 ? 1 : 0);
    const bool negative = doubled < 0;
    const auto magnitude = static_cast<std::uint64_t>(negative ? -doubled : doubled);
    bytes_.put([&](std::uint8_t* to) { return put_run(to, magnitude, negative, count_); });
  }
  ColumnBytes bytes_;
  std::uint64_t count_ = 0;
  std::int64_t value_ = 0;
  std::int64_t step_ = 0;
};

class StringColumnWriter {
 public:
  void write(ByteView utf8, std::uint64_t units) {
    text_.append(utf8);
    lengths_.write(units);
  }
  /// The string of two parts.
  void write(ByteView first, ByteView second, std::uint64_t units) {
    text_.append(first);
    write(second, units);
  }
  /// Short ASCII: of the ColumnBytes::kMost bytes that can be read at `text` the first `length`.
  void write_short(const std::uint8_t* text, std::uint32_t length) {
    text_.put([&](std::uint8_t* to) {
      std::memcpy(to, text, ColumnBytes::kMost);
      return to + length;
    });
    lengths_.write(length);
  }
  void reserve(std::size_t strings, std::size_t text_bytes) {
    lengths_.reserve(strings);
    text_.reserve(text_bytes);
  }
  std::size_t size() const { return text_.size() + lengths_.size(); }
  void finish(WireWriter& out);

 private:
  ColumnBytes text_;
  NumberColumnWriter lengths_;
};

}  // namespace concord::crdt
