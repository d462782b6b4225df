#pragma once
// The fields of an update in format V2: each kind of field in a column of its own (columns.h), the rest in between.
//
//   update    varuint 0 (for features to come), then nine columns as var_bytes in this order: key clocks (steps),
//             clients (numbers), left clocks (steps), right clocks (steps), infos (bytes), strings, parent infos
//             (bytes), kinds of types (numbers), lengths (numbers); then the rest to the end of the update
//   rest      varuint sections; of each section varuint structs and varuint clock, and among them what its structs have
//             that is in no column: the length of a skip, bytes, values; then the delete set (delete_set.h)
//
// An id is a client and a clock in the column of its side; that of a parent is a left one. A key (of a format, an XML
// element, a hook) is a key clock: one that is below the number of keys read so far repeats the key of that number,
// any other is followed by a string. Yjs writes every key anew, with key clocks counting up.

#include <cstdint>
#include <forward_list>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/columns.h"
#include "crdt/plain_struct.h"
#include "crdt/string_column.h"
#include "crdt/update_format.h"

namespace concord::crdt {

/// The methods of FieldReaderV1.
class FieldReaderV2 {
 public:
  static constexpr UpdateFormat kFormat = UpdateFormat::kV2;
  static constexpr bool kOneStream = false;

  explicit FieldReaderV2(ByteView update) : FieldReaderV2(update, WireReader(update)) {}

  bool ok() const { return !failed_ && rest_.ok(); }
  bool fail(const char* what);
  Error error() const;
  std::size_t position() const { return rest_.position(); }
  WireReader& rest() {
    last_ = Column::kRest;
    return rest_;
  }

  const WireReader& rest() const { return rest_; }
  std::size_t contents_left() const { return strings_.left() + rest_.left(); }

  [[gnu::always_inline]] bool client(std::uint64_t& out) { return from(Column::kClient, clients_.read(out)); }
  /// The next info, which is not read by that; false where there is none or a string after it might not be plain.
  [[gnu::always_inline]] bool peek_info(std::uint8_t& out) {
    return strings_.is_plain(rest_.at() + rest_.left(), kPlainReadable) && infos_.peek(out);
  }
  const std::uint8_t* next_string() const { return strings_.at(); }
  [[gnu::always_inline]] bool info(std::uint8_t& out) { return from(Column::kInfo, infos_.read(out)); }
  [[gnu::always_inline]] bool left_id(std::uint64_t& client_id, std::uint64_t& clock) {
    return client(client_id) && from(Column::kLeftClock, left_clocks_.read(clock));
  }
  [[gnu::always_inline]] bool right_id(std::uint64_t& client_id, std::uint64_t& clock) {
    return client(client_id) && from(Column::kRightClock, right_clocks_.read(clock));
  }
  bool parent_is_root(bool& out) {
    std::uint8_t root = 0;
    if (!from(Column::kParentInfo, parent_infos_.read(root))) return false;
    out = root == 1;
    return true;
  }
  bool type_kind(std::uint64_t& out) { return from(Column::kTypeKind, type_kinds_.read(out)); }
  [[gnu::always_inline]] bool length(std::uint64_t& out) { return from(Column::kLength, lengths_.read(out)); }
  bool string(ByteView& out, TextScan& scan) { return from(Column::kString, strings_.read(out, scan)); }
  bool text(ByteView& out) {
    TextScan scan;
    return string(out, scan);
  }
  bool key(ByteView& out);
  /// A value in its binary form.
  bool value(ByteView& out, bool& canonical);
  /// As format V1 has them, put together here.
  bool json_elements(std::uint32_t count, ByteView& out);

  bool deleted_client(std::uint64_t& client, std::uint64_t& ranges) {
    deleted_to_ = 0;
    return rest().uint(client) && rest().uint(ranges);
  }
  bool deleted_range(std::uint64_t& clock, std::uint64_t& length);
  /// After the delete set: everything was read.
  bool finish();

 private:
  enum class Column : std::uint8_t {
    kRest,
    kKeyClock,
    kClient,
    kLeftClock,
    kRightClock,
    kInfo,
    kString,
    kParentInfo,
    kTypeKind,
    kLength
  };
  /// `in` moves on with each column.
  FieldReaderV2(ByteView update, WireReader in);
  static WireReader column(ByteView update, WireReader& in);
  template <class Self>
  static auto& reader(Self& self, Column column);
  bool from(Column column, bool read) {
    last_ = column;
    if (!read && !failed_) {
      failed_ = true;
      failed_in_ = column;
    }
    return read;
  }

  bool failed_ = false;
  Column failed_in_ = Column::kRest;
  Column last_ = Column::kRest;
  StepColumnReader key_clocks_;
  NumberColumnReader clients_;
  StepColumnReader left_clocks_;
  StepColumnReader right_clocks_;
  ByteColumnReader infos_;
  StringColumnReader strings_;
  ByteColumnReader parent_infos_;
  NumberColumnReader type_kinds_;
  NumberColumnReader lengths_;
  WireReader rest_;
  std::vector<ByteView> keys_;
  std::forward_list<Bytes> elements_;
  std::uint64_t deleted_to_ = 0;
};

}  // namespace concord::crdt
