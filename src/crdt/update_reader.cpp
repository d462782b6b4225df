#include "crdt/update_reader.h"

#include "crdt/any_codec.h"
#include "crdt/state_vector.h"

namespace concord::crdt {
namespace {

constexpr std::uint8_t kHasOrigin = 0x80;
constexpr std::uint8_t kHasRightOrigin = 0x40;
constexpr std::uint8_t kHasKey = 0x20;
constexpr std::uint8_t kKindBits = 0x1f;
constexpr std::uint64_t kTypeKinds = 7;

}  // namespace

template <class Fields>
bool UpdateReader<Fields>::begin_section() {
  if (!started_) {
    started_ = true;
    if (!in_.rest().uint(sections_left_)) return false;
  }
  while (structs_left_ == 0) {
    if (sections_left_ == 0) return false;
    --sections_left_;
    ++section_;
    if (!in_.rest().uint(structs_left_) || !in_.client(client_) || !in_.rest().uint(clock_)) return false;
    if (clock_ > kMaxClock) return in_.fail("a clock is above 4294967294");
  }
  return true;
}

template <class Fields>
bool UpdateReader<Fields>::take_length(std::uint64_t length, std::uint32_t& out) {
  if (length > kMaxClock - clock_) return in_.fail("a struct reaches beyond clock 4294967294");
  out = static_cast<std::uint32_t>(length);
  return true;
}

template <class Fields>
bool UpdateReader<Fields>::length(std::uint32_t& out) {
  std::uint64_t value = 0;
  if (!in_.length(value)) return false;
  return value == 0 ? in_.fail("a struct has no length") : take_length(value, out);
}

template <class Fields>
bool UpdateReader<Fields>::clock(std::uint64_t value, std::uint32_t& out) {
  if (value > kMaxClock) return in_.fail("a clock is above 4294967294");
  out = static_cast<std::uint32_t>(value);
  return true;
}

template <class Fields>
bool UpdateReader<Fields>::left_id(RawId& out) {
  std::uint64_t value = 0;
  return in_.left_id(out.client, value) && clock(value, out.clock);
}

template <class Fields>
bool UpdateReader<Fields>::right_id(RawId& out) {
  std::uint64_t value = 0;
  return in_.right_id(out.client, value) && clock(value, out.clock);
}

/// What an item refers to was there before it.
template <class Fields>
bool UpdateReader<Fields>::earlier(const RawId& id) {
  return id.client != client_ || id.clock < clock_ || in_.fail("an item refers to itself or to a later one");
}

template <class Fields>
bool UpdateReader<Fields>::next(RawStruct& out) {
  if (structs_left_ == 0 && !begin_section()) return false;
  --structs_left_;
  if constexpr (Fields::kFormat == UpdateFormat::kV2)
    if (structs_left_in_all_-- == 0) return in_.fail("its runs name too many structs");
  std::uint8_t info = 0;
  if (!in_.info(info)) return false;
  out.client = client_;
  out.clock = static_cast<std::uint32_t>(clock_);
  out.kind = static_cast<Kind>(info & kKindBits);
  if (out.kind == Kind::kGc) {
    out.has_origin = out.has_right_origin = out.has_key = false;
    if (!length(out.length)) return false;
  } else if (info == static_cast<std::uint8_t>(Kind::kSkip)) {
    out.has_origin = out.has_right_origin = out.has_key = false;
    std::uint64_t skipped = 0;
    if (!in_.rest().uint(skipped) || !take_length(skipped, out.length)) return false;
  } else {
    if (out.kind >= Kind::kSkip) return in_.fail("an unknown kind of struct");
    if (!item(info, out)) return false;
  }
  clock_ += out.length;
  return true;
}

/// A plain struct of V2, which is one number of each of four or five columns.
template <class Fields>
[[gnu::flatten]] bool UpdateReader<Fields>::next_in_columns(PlainStruct& out) {
  if constexpr (Fields::kOneStream) {
    return false;
  } else {
    std::uint8_t info = 0;
    if (structs_left_ == 0 || structs_left_in_all_ == 0 || !in_.peek_info(info) || !is_plain_info(info)) return false;
    --structs_left_;
    --structs_left_in_all_;
    (void)in_.info(info);
    out.kind = static_cast<Kind>(info & kKindBits);
    out.has_right_origin = (info & kHasRightOrigin) != 0;
    out.clock = static_cast<std::uint32_t>(clock_);
    RawId id;
    if (!left_id(id) || !earlier(id)) return false;
    out.origin_client = id.client;
    out.origin_clock = id.clock;
    if (out.has_right_origin) {
      if (!right_id(id) || !earlier(id)) return false;
      out.right_client = id.client;
      out.right_clock = id.clock;
    }
    out.text = in_.next_string();
    if (out.kind == Kind::kDeleted) {
      if (!length(out.length)) return false;
    } else {
      ByteView text;
      TextScan scan;
      if (!in_.string(text, scan)) return false;
      if (scan.units == 0) return in_.fail("a struct has no length");
      if (!take_length(scan.units, out.length)) return false;
    }
    clock_ += out.length;
    return true;
  }
}

template <class Fields>
bool UpdateReader<Fields>::item(std::uint8_t info, RawStruct& out) {
  out.has_origin = (info & kHasOrigin) != 0;
  out.has_right_origin = (info & kHasRightOrigin) != 0;
  out.has_key = false;
  if (out.has_origin && (!left_id(out.origin) || !earlier(out.origin))) return false;
  if (out.has_right_origin && (!right_id(out.right_origin) || !earlier(out.right_origin))) return false;
  if (!out.has_origin && !out.has_right_origin) {
    if (!in_.parent_is_root(out.parent_is_root)) return false;
    if (out.parent_is_root ? !in_.text(out.root_name) : !(left_id(out.parent) && earlier(out.parent))) return false;
    out.has_key = (info & kHasKey) != 0;
    if (out.has_key && !in_.text(out.key)) return false;
  }
  return content(out);
}

template <class Fields>
bool UpdateReader<Fields>::content(RawStruct& out) {
  out.length = 1;
  out.json_value = Fields::kFormat == UpdateFormat::kV1;
  const std::uint8_t* begin = nullptr;
  switch (out.kind) {
    case Kind::kDeleted:
      return length(out.length);
    case Kind::kString: {
      TextScan scan;
      if (!in_.string(out.payload, scan)) return false;
      if (scan.units == 0) return in_.fail("a struct has no length");
      out.ascii = scan.ascii;
      return take_length(scan.units, out.length);
    }
    case Kind::kBinary:
      return in_.rest().var_bytes(out.payload);
    case Kind::kEmbed:
      return in_.value(out.payload, out.canonical);
    case Kind::kFormat:
      return in_.key(out.name) && in_.value(out.payload, out.canonical);
    case Kind::kType: {
      std::uint64_t kind = 0;
      if (!in_.type_kind(kind)) return false;
      if (kind >= kTypeKinds) return in_.fail("an unknown kind of type");
      out.type_kind = static_cast<std::uint8_t>(kind);
      out.name = {};
      return (kind != 3 && kind != 5) || in_.key(out.name);
    }
    case Kind::kJson:
      return length(out.length) && in_.json_elements(out.length, out.payload);
    case Kind::kAny:
      if (!length(out.length)) return false;
      begin = in_.rest().at();
      out.canonical = true;
      for (std::uint32_t i = 0; i < out.length; ++i)
        if (!scan_any(in_.rest(), out.canonical)) return false;
      break;
    case Kind::kDoc:
      if (!in_.text(out.name)) return false;
      begin = in_.rest().at();
      out.canonical = true;
      if (!scan_any(in_.rest(), out.canonical)) return false;
      break;
    default:
      return in_.fail("an unknown kind of struct");
  }
  out.payload = {begin, in_.rest().at()};
  return true;
}

template <class Fields>
bool UpdateReader<Fields>::next_deleted(std::uint64_t& client, std::uint32_t& clock, std::uint32_t& length) {
  if (!in_deleted_) {
    in_deleted_ = true;
    if (!in_.rest().uint(deleted_clients_left_)) return false;
  }
  while (deleted_ranges_left_ == 0) {
    if (deleted_clients_left_ == 0) {
      (void)in_.finish();
      return false;
    }
    --deleted_clients_left_;
    if (!in_.deleted_client(client_, deleted_ranges_left_)) return false;
  }
  --deleted_ranges_left_;
  std::uint64_t from = 0;
  std::uint64_t count = 0;
  if (!in_.deleted_range(from, count)) return false;
  if (from > kMaxClock || count > kMaxClock - from) return in_.fail("a deletion reaches beyond clock 4294967294");
  client = client_;
  clock = static_cast<std::uint32_t>(from);
  length = static_cast<std::uint32_t>(count);
  return true;
}

template class UpdateReader<FieldReaderV1>;
template class UpdateReader<FieldReaderV2>;

}  // namespace concord::crdt
