#pragma once
// The fields of an update in format V1: one after the other, each by itself. Readers and writers of the two formats
// have the same methods, so that what reads, merges and writes structs is written once (update_reader.h,
// struct_writer.h, encode.cpp) and compiled for each.

#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/update_format.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"

namespace concord::crdt {

class FieldReaderV1 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV1;
  static constexpr bool kOneStream = true;  // fields follow each other, so that structs can be read as a whole

  explicit FieldReaderV1(ByteView update) : rest_(update) {}

  bool ok() const { return rest_.ok(); }
  bool fail(const char* what) { return rest_.fail(what); }
  Error error() const { return rest_.error("update"); }
  std::size_t position() const { return rest_.position(); }
  /// What is written as itself in either format: counts, clocks of sections, bytes and values.
  WireReader& rest() { return rest_; }
  const WireReader& rest() const { return rest_; }

  bool client(std::uint64_t& out) { return rest_.uint(out); }
  bool info(std::uint8_t& out) { return rest_.byte(out); }
  bool left_id(std::uint64_t& client, std::uint64_t& clock) { return rest_.uint(client) && rest_.uint(clock); }
  bool right_id(std::uint64_t& client, std::uint64_t& clock) { return rest_.uint(client) && rest_.uint(clock); }
  bool parent_is_root(bool& out) {
    std::uint64_t root = 0;
    if (!rest_.uint(root)) return false;
    out = root == 1;
    return true;
  }
  bool type_kind(std::uint64_t& out) { return rest_.uint(out); }
  bool length(std::uint64_t& out) { return rest_.uint(out); }
  /// A name, UTF-8.
  bool text(ByteView& out) {
    return rest_.var_bytes(out) && (scan_utf8(out.data(), out.size()).valid || fail("a string is not UTF-8"));
  }
  bool key(ByteView& out) { return text(out); }
  /// The text of a string item and what it is.
  bool string(ByteView& out, TextScan& scan) {
    if (!rest_.var_bytes(out)) return false;
    scan = scan_utf8(out.data(), out.size());
    return scan.valid || fail("a string is not UTF-8");
  }
  /// The value of an embed or a format: JSON text.
  bool value(ByteView& out, bool& canonical);
  /// So many JSON texts or "undefined", as var_strings one after the other.
  bool json_elements(std::uint32_t count, ByteView& out);

  bool deleted_client(std::uint64_t& client, std::uint64_t& ranges) { return rest_.uint(client) && rest_.uint(ranges); }
  bool deleted_range(std::uint64_t& clock, std::uint64_t& length) { return rest_.uint(clock) && rest_.uint(length); }
  /// After the delete set.
  bool finish() { return rest_.at_end() || fail("there is more after the delete set"); }

 private:
  WireReader rest_;
};

class FieldWriterV1 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV1;

  explicit FieldWriterV1(Bytes& out) : rest_(out) {}

  WireWriter& rest() { return rest_; }

  void client(std::uint64_t client) { rest_.uint(client); }
  void info(std::uint8_t info) { rest_.byte(info); }
  void left_id(std::uint64_t client, std::uint32_t clock) {
    rest_.uint(client);
    rest_.uint(clock);
  }
  void right_id(std::uint64_t client, std::uint32_t clock) { left_id(client, clock); }
  void parent_is_root(bool root) { rest_.byte(root ? 1 : 0); }
  void type_kind(std::uint8_t kind) { rest_.uint(kind); }
  void length(std::uint32_t length) { rest_.uint(length); }
  void text(ByteView utf8) { rest_.var_bytes(utf8); }
  void key(ByteView utf8) { rest_.var_bytes(utf8); }
  /// The text of a string item, of `units` UTF-16 code units.
  void string(ByteView utf8, std::uint32_t units) {
    (void)units;
    rest_.var_bytes(utf8);
  }
  /// The same where it begins with half of a surrogate pair, which is not in `rest`; `units` counts both.
  void string_after_half(ByteView rest, std::uint32_t units) {
    (void)units;
    rest_.uint(rest.size() + sizeof(kReplacement));
    rest_.bytes({kReplacement, sizeof(kReplacement)});
    rest_.bytes(rest);
  }
  void json_value(ByteView json) { rest_.var_bytes(json); }
  /// The same from the binary form.
  void any_value(ByteView encoded);
  void json_elements(ByteView elements) { rest_.bytes(elements); }

  /// The whole update: `rest` is what was written to the buffer, or that with its sections put together.
  static Bytes finish(Bytes&& rest) { return std::move(rest); }

 private:
  WireWriter rest_;
};

}  // namespace concord::crdt
