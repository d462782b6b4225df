#pragma once
// UpdateReader: steps through an update (V1) struct by struct, in place. Everything that can be wrong with an update
// in itself is found here, so what it lets through needs no further check of form. It allocates nothing.
//
//   update   varuint sections, then the sections, then the delete set (delete_set.h)
//   section  varuint structs, varuint client, varuint clock of the first, then the structs
//   struct   GC      byte 0, varuint length
//            skip    byte 10, varuint length
//            item    byte info: kind in bits 0-4, bit 5 key, bit 6 right origin, bit 7 origin
//                    origin and right origin as they are flagged: varuint client, varuint clock
//                    without either: varuint 1 and var_string name of the root type, or varuint 0 and the id of the
//                    item that holds the type; then, if flagged, var_string key
//                    content
//   content  1 deleted: varuint length      2 JSON: varuint count, var_string each   3 binary: var_bytes
//            4 string: var_string           5 embed: var_string JSON                 6 format: var_string key, value
//            7 type: varuint kind, for XML elements and hooks var_string name        8 any: varuint count, any each
//            9 document: var_string guid, any options

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "crdt/item.h"
#include "crdt/wire.h"

namespace concord::crdt {

struct RawId {
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
};

/// One struct; views point into the update.
struct RawStruct {
  Kind kind = Kind::kGc;
  bool has_origin = false;
  bool has_right_origin = false;
  bool has_key = false;  // of a map; only told where there is no origin
  bool parent_is_root = false;
  bool ascii = false;          // kString
  bool canonical = true;       // kAny, kDoc: the content is as a writer would have written it
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
  ByteView payload;  // kString, kEmbed: the text; kFormat: the value; kBinary: the bytes;
                     // kAny, kJson: the elements without their count; kDoc: the options

  std::uint32_t end() const { return clock + length; }
  bool has_parent() const { return !has_origin && !has_right_origin && kind != Kind::kGc && kind != Kind::kSkip; }
};

class UpdateReader {
 public:
  explicit UpdateReader(ByteView update) : in_(update) {}

  /// The next struct; false at the end of the structs and on failure. Sections without structs are passed over.
  bool next(RawStruct& out);
  /// After the last struct: the ranges of the delete set, one by one.
  bool next_deleted(std::uint64_t& client, std::uint32_t& clock, std::uint32_t& length);

  bool ok() const { return in_.ok(); }
  bool fail(const char* what) { return in_.fail(what); }
  Error error() const { return in_.error("update"); }
  std::size_t position() const { return in_.position(); }
  /// Sections begun so far.
  std::uint64_t section() const { return section_; }

 private:
  bool begin_section();
  bool length(std::uint32_t& out, bool may_be_zero);
  bool id(RawId& out);
  bool earlier(const RawId& id);
  bool text(ByteView& out);
  bool item(std::uint8_t info, RawStruct& out);
  bool content(RawStruct& out);
  bool json(ByteView text);

  WireReader in_;
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

/// Whether `text` is JSON, and printed as JavaScript prints it (common forms are told without parsing).
struct JsonForm {
  bool valid = false;
  bool canonical = false;
};
JsonForm json_form(std::string_view text);
/// As JavaScript prints it; of valid JSON.
std::string canonical_json(std::string_view text);

}  // namespace concord::crdt
