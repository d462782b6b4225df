#pragma once
// The writers of the columns of columns.h. Each ends its last run in finish(), after which it is empty again and keeps
// its capacity.

#include <cstdint>

#include "base/bytes.h"
#include "crdt/wire.h"

namespace concord::crdt {

class ByteColumnWriter {
 public:
  void write(std::uint8_t value) {
    if (count_ > 0 && value == value_) {
      ++count_;
      return;
    }
    WireWriter out(bytes_);
    if (count_ > 0) out.uint(count_ - 1);
    out.byte(value);
    value_ = value;
    count_ = 1;
  }
  /// As a var_bytes.
  void finish(WireWriter& out);

 private:
  Bytes bytes_;
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

 private:
  void flush();
  Bytes bytes_;
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

 private:
  void flush();
  Bytes bytes_;
  std::uint64_t count_ = 0;
  std::int64_t value_ = 0;
  std::int64_t step_ = 0;
};

class StringColumnWriter {
 public:
  void write(ByteView utf8, std::uint64_t units) {
    WireWriter(text_).bytes(utf8);
    lengths_.write(units);
  }
  /// The string of two parts.
  void write(ByteView first, ByteView second, std::uint64_t units) {
    WireWriter(text_).bytes(first);
    write(second, units);
  }
  void finish(WireWriter& out);

 private:
  Bytes text_;
  NumberColumnWriter lengths_;
};

}  // namespace concord::crdt
