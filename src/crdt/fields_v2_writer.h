#pragma once
// The writer of the fields of fields_v2.h.

#include <cstdint>

#include "base/bytes.h"
#include "crdt/column_writers.h"
#include "crdt/update_format.h"
#include "crdt/utf16.h"

namespace concord::crdt {

/// The methods of FieldWriterV1. What is in no column goes to `rest`; finish() puts all together.
class FieldWriterV2 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV2;

  explicit FieldWriterV2(Bytes& rest) : rest_(rest) {}

  WireWriter& rest() { return rest_; }

  void client(std::uint64_t client) { clients_.write(client); }
  void info(std::uint8_t info) { infos_.write(info); }
  void left_id(std::uint64_t client, std::uint32_t clock) {
    clients_.write(client);
    left_clocks_.write(clock);
  }
  void right_id(std::uint64_t client, std::uint32_t clock) {
    clients_.write(client);
    right_clocks_.write(clock);
  }
  void parent_is_root(bool root) { parent_infos_.write(root ? 1 : 0); }
  void type_kind(std::uint8_t kind) { type_kinds_.write(kind); }
  void length(std::uint32_t length) { lengths_.write(length); }
  void text(ByteView utf8) { strings_.write(utf8, count_units(utf8.data(), utf8.size())); }
  /// Each as a new one, as Yjs does.
  void key(ByteView utf8) {
    key_clocks_.write(keys_++);
    text(utf8);
  }
  void string(ByteView utf8, std::uint32_t units) { strings_.write(utf8, units); }
  /// The same of short ASCII (StringColumnWriter::write_short).
  void short_string(const std::uint8_t* text, std::uint32_t length) { strings_.write_short(text, length); }
  void string_after_half(ByteView rest, std::uint32_t units) {
    strings_.write({kReplacement, sizeof(kReplacement)}, rest, units);
  }
  void json_value(ByteView json);
  void any_value(ByteView encoded) { rest_.bytes(encoded); }
  void json_elements(ByteView elements);

  /// Makes room for a document of so many structs with so much text.
  void reserve(std::size_t structs, std::size_t text_bytes);
  /// The update whose rest is `rest`: what was written to the buffer, or that with its sections put together.
  Bytes finish(Bytes&& rest);
  /// The same, appended to `update`. The writer is as new after it, but for its capacity.
  void finish(Bytes& update, ByteView rest);

 private:
  StepColumnWriter key_clocks_;
  NumberColumnWriter clients_;
  StepColumnWriter left_clocks_;
  StepColumnWriter right_clocks_;
  ByteColumnWriter infos_;
  StringColumnWriter strings_;
  ByteColumnWriter parent_infos_;
  NumberColumnWriter type_kinds_;
  NumberColumnWriter lengths_;
  std::uint64_t keys_ = 0;
  WireWriter rest_;
};

/// Where updates are put together one after the other, without allocating anew.
struct UpdateBufferV2 {
  Bytes rest;
  FieldWriterV2 fields{rest};
};

}  // namespace concord::crdt
