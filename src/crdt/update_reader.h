#pragma once
// UpdateReader: steps through an update struct by struct, in place. Everything that can be wrong with an update in
// itself is found here, so what it lets through needs no further check of form. `Fields` knows how each field is
// written in one format; their order is the same in both, and only here.
//
//   update   count of sections, then the sections, then the delete set (delete_set.h)
//   section  count of structs, client, clock of the first, then the structs
//   struct   GC      info 0, length
//            skip    info 10, length (a plain varuint in either format)
//            item    info: kind in bits 0-4, bit 5 key, bit 6 right origin, bit 7 origin
//                    origin (left id) and right origin (right id) as they are flagged
//                    without either: parent info 1 and the name of the root type, or 0 and the (left) id of the item
//                    that holds the type; then, if flagged, the key of a map as text
//                    content
//   content  1 deleted: length         2 JSON: length, text each      3 binary: var_bytes
//            4 string: text            5 embed: value                 6 format: key, value
//            7 type: kind of type, for XML elements and hooks a key   8 any: length, any each
//            9 document: text guid, any options

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "crdt/fields_v1.h"
#include "crdt/fields_v2.h"
#include "crdt/item.h"
#include "crdt/plain_struct.h"

namespace concord::crdt {

struct RawId {
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
};

/// One struct; views point into the update or its reader.
struct RawStruct {
  Kind kind = Kind::kGc;
  bool has_origin = false;
  bool has_right_origin = false;
  bool has_key = false;  // of a map; only told where there is no origin
  bool parent_is_root = false;
  bool ascii = false;          // kString
  bool json_value = true;      // kEmbed, kFormat: the value is JSON text, and not in its binary form
  bool canonical = true;       // kEmbed, kFormat, kAny, kDoc: the values are as a writer would have written them
  std::uint8_t type_kind = 0;  // kType
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  RawId origin;
  RawId right_origin;
  RawId parent;  // without origins, and not parent_is_root
  ByteView root_name;
  ByteView key;
  ByteView name;     // kFormat: its key; kType: its name; kDoc: guid
  ByteView payload;  // kString: the text; kEmbed, kFormat: the value; kBinary: the bytes;
                     // kAny, kJson: the elements as in V1, without their count; kDoc: the options

  std::uint32_t end() const { return clock + length; }
  bool has_parent() const { return !has_origin && !has_right_origin && kind != Kind::kGc && kind != Kind::kSkip; }
};

template <class Fields>
class UpdateReader {
 public:
  explicit UpdateReader(ByteView update, std::uint64_t max_run_structs = kMaxRunStructs)
      : in_(update),
        structs_left_in_all_(max_run_structs > kNoRunLimit / 2 ? kNoRunLimit : max_run_structs + update.size()) {}

  /// The next struct; false at the end of the structs and on failure. Sections without structs are passed over.
  bool next(RawStruct& out);
  /// The next struct of the section that is being read, where it is plain; else reads nothing, unless it is malformed.
  [[gnu::always_inline]] bool next_plain(PlainStruct& out) {
    if constexpr (Fields::kOneStream) {
      if (structs_left_ == 0) return false;
      const ByteView input(in_.rest().at(), in_.rest().left());
      const std::uint8_t* end = plain_.read(input, client_, clock_, out);
      if (end == nullptr) return false;
      in_.rest().move_to(end);
      --structs_left_;
      clock_ += out.length;
      return true;
    } else {
      return next_in_columns(out);
    }
  }
  /// After the last struct: the ranges of the delete set, one by one.
  bool next_deleted(std::uint64_t& client, std::uint32_t& clock, std::uint32_t& length);

  bool ok() const { return in_.ok(); }
  bool fail(const char* what) { return in_.fail(what); }
  Error error() const { return in_.error(); }
  std::size_t position() const { return in_.position(); }
  /// About so many structs of this section are still to come: what the update says, or its length makes likely.
  std::size_t structs_left() const {
    return std::min<std::uint64_t>(
        structs_left_, Fields::kOneStream ? in_.rest().left() / 2 : in_.rest().position() + in_.rest().left());
  }
  /// About so many bytes the contents of what is still to come take, where there is one section.
  std::size_t contents_left() const {
    if constexpr (!Fields::kOneStream) return in_.contents_left();
    constexpr std::uint64_t kUsualFields = 12;  // bytes of a struct besides its content
    const std::size_t left = in_.rest().left();
    return left - std::min<std::uint64_t>(left / 2, structs_left_ * kUsualFields);
  }
  /// Sections begun so far.
  std::uint64_t section() const { return section_; }

 private:
  bool next_in_columns(PlainStruct& out);
  bool begin_section();
  [[gnu::always_inline]] bool take_length(std::uint64_t length, std::uint32_t& out);
  [[gnu::always_inline]] bool length(std::uint32_t& out);
  [[gnu::always_inline]] bool clock(std::uint64_t value, std::uint32_t& out);
  [[gnu::always_inline]] bool left_id(RawId& out);
  [[gnu::always_inline]] bool right_id(RawId& out);
  [[gnu::always_inline]] bool earlier(const RawId& id);
  bool item(std::uint8_t info, RawStruct& out);
  bool content(RawStruct& out);

  Fields in_;
  PlainStructReader plain_;
  std::uint64_t structs_left_in_all_;
  bool started_ = false;
  std::uint64_t sections_left_ = 0;
  std::uint64_t structs_left_ = 0;
  std::uint64_t section_ = 0;
  std::uint64_t client_ = 0;
  std::uint64_t clock_ = 0;
  bool in_deleted_ = false;
  std::uint64_t deleted_clients_left_ = 0;
  std::uint64_t deleted_ranges_left_ = 0;
};

extern template class UpdateReader<FieldReaderV1>;
extern template class UpdateReader<FieldReaderV2>;
using UpdateReaderV1 = UpdateReader<FieldReaderV1>;

}  // namespace concord::crdt
