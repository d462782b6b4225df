#include "crdt/update_reader.h"

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/state_vector.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

constexpr std::uint8_t kHasOrigin = 0x80;
constexpr std::uint8_t kHasRightOrigin = 0x40;
constexpr std::uint8_t kHasKey = 0x20;
constexpr std::uint8_t kKindBits = 0x1f;
constexpr std::uint64_t kTypeKinds = 7;

bool plain_json_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  for (const char c : text.substr(1, text.size() - 2))
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
  return true;
}

bool small_integer(std::string_view text) {
  if (text.empty() || text.size() > 9 || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return true;
}

}  // namespace

JsonForm json_form(std::string_view text) {
  if (text == "true" || text == "false" || text == "null" || text == "{}" || text == "[]") return {true, true};
  if (small_integer(text) || plain_json_string(text)) return {true, true};
  const auto value = parse_json(text);
  if (!value) return {};
  return {true, to_json(*value) == text};
}

std::string canonical_json(std::string_view text) {
  const auto value = parse_json(text);
  return value ? to_json(*value) : std::string(text);
}

bool UpdateReader::begin_section() {
  if (!started_) {
    started_ = true;
    if (!in_.uint(sections_left_)) return false;
  }
  while (structs_left_ == 0) {
    if (sections_left_ == 0) return false;
    --sections_left_;
    ++section_;
    if (!in_.uint(structs_left_) || !in_.uint(client_) || !in_.uint(clock_)) return false;
    if (clock_ > kMaxClock) return in_.fail("a clock is above 4294967294");
  }
  return true;
}

bool UpdateReader::length(std::uint32_t& out, bool may_be_zero) {
  std::uint64_t value = 0;
  if (!in_.uint(value)) return false;
  if (value == 0 && !may_be_zero) return in_.fail("a struct has no length");
  if (value > kMaxClock - clock_) return in_.fail("a struct reaches beyond clock 4294967294");
  out = static_cast<std::uint32_t>(value);
  return true;
}

bool UpdateReader::id(RawId& out) {
  std::uint64_t clock = 0;
  if (!in_.uint(out.client) || !in_.uint(clock)) return false;
  if (clock > kMaxClock) return in_.fail("a clock is above 4294967294");
  out.clock = static_cast<std::uint32_t>(clock);
  return true;
}

/// What an item refers to was there before it.
bool UpdateReader::earlier(const RawId& id) {
  return id.client != client_ || id.clock < clock_ || in_.fail("an item refers to itself or to a later one");
}

bool UpdateReader::text(ByteView& out) {
  return in_.var_bytes(out) && (scan_utf8(out.data(), out.size()).valid || in_.fail("a string is not UTF-8"));
}

bool UpdateReader::json(ByteView text) { return json_form(as_text(text)).valid || in_.fail("a string is not JSON"); }

bool UpdateReader::next(RawStruct& out) {
  if (structs_left_ == 0 && !begin_section()) return false;
  --structs_left_;
  std::uint8_t info = 0;
  if (!in_.byte(info)) return false;
  out.client = client_;
  out.clock = static_cast<std::uint32_t>(clock_);
  out.kind = static_cast<Kind>(info & kKindBits);
  if (out.kind == Kind::kGc || info == static_cast<std::uint8_t>(Kind::kSkip)) {
    out.has_origin = out.has_right_origin = out.has_key = false;
    if (!length(out.length, out.kind == Kind::kSkip)) return false;
  } else {
    if (out.kind >= Kind::kSkip) return in_.fail("an unknown kind of struct");
    if (!item(info, out)) return false;
  }
  clock_ += out.length;
  return true;
}

bool UpdateReader::item(std::uint8_t info, RawStruct& out) {
  out.has_origin = (info & kHasOrigin) != 0;
  out.has_right_origin = (info & kHasRightOrigin) != 0;
  out.has_key = false;
  if (out.has_origin && (!id(out.origin) || !earlier(out.origin))) return false;
  if (out.has_right_origin && (!id(out.right_origin) || !earlier(out.right_origin))) return false;
  if (!out.has_origin && !out.has_right_origin) {
    std::uint64_t root = 0;
    if (!in_.uint(root)) return false;
    out.parent_is_root = root == 1;
    if (out.parent_is_root ? !text(out.root_name) : !(id(out.parent) && earlier(out.parent))) return false;
    out.has_key = (info & kHasKey) != 0;
    if (out.has_key && !text(out.key)) return false;
  }
  return content(out);
}

bool UpdateReader::content(RawStruct& out) {
  out.length = 1;
  const std::uint8_t* begin = nullptr;
  switch (out.kind) {
    case Kind::kDeleted:
      return length(out.length, false);
    case Kind::kString: {
      if (!in_.var_bytes(out.payload)) return false;
      const TextScan scan = scan_utf8(out.payload.data(), out.payload.size());
      if (!scan.valid) return in_.fail("a string is not UTF-8");
      if (scan.units == 0) return in_.fail("a struct has no length");
      if (scan.units > kMaxClock - clock_) return in_.fail("a struct reaches beyond clock 4294967294");
      out.ascii = scan.ascii;
      out.length = static_cast<std::uint32_t>(scan.units);
      return true;
    }
    case Kind::kBinary:
      return in_.var_bytes(out.payload);
    case Kind::kEmbed:
      return text(out.payload) && json(out.payload);
    case Kind::kFormat:
      return text(out.name) && text(out.payload) && json(out.payload);
    case Kind::kType: {
      std::uint64_t kind = 0;
      if (!in_.uint(kind)) return false;
      if (kind >= kTypeKinds) return in_.fail("an unknown kind of type");
      out.type_kind = static_cast<std::uint8_t>(kind);
      out.name = {};
      return (kind != 3 && kind != 5) || text(out.name);
    }
    case Kind::kJson: {
      if (!length(out.length, false)) return false;
      begin = in_.at();
      ByteView element;
      for (std::uint32_t i = 0; i < out.length; ++i)
        if (!text(element) || (as_text(element) != "undefined" && !json(element))) return false;
      break;
    }
    case Kind::kAny: {
      if (!length(out.length, false)) return false;
      begin = in_.at();
      out.canonical = true;
      for (std::uint32_t i = 0; i < out.length; ++i)
        if (!scan_any(in_, out.canonical)) return false;
      break;
    }
    case Kind::kDoc:
      if (!text(out.name)) return false;
      begin = in_.at();
      out.canonical = true;
      if (!scan_any(in_, out.canonical)) return false;
      break;
    default:
      return in_.fail("an unknown kind of struct");
  }
  out.payload = {begin, in_.at()};
  return true;
}

bool UpdateReader::next_deleted(std::uint64_t& client, std::uint32_t& clock, std::uint32_t& length) {
  if (!in_deleted_) {
    in_deleted_ = true;
    if (!in_.uint(deleted_clients_left_)) return false;
  }
  while (deleted_ranges_left_ == 0) {
    if (deleted_clients_left_ == 0) {
      if (!in_.at_end()) in_.fail("there is more after the delete set");
      return false;
    }
    --deleted_clients_left_;
    if (!in_.uint(client_) || !in_.uint(deleted_ranges_left_)) return false;
  }
  --deleted_ranges_left_;
  std::uint64_t from = 0;
  std::uint64_t count = 0;
  if (!in_.uint(from) || !in_.uint(count)) return false;
  if (from > kMaxClock || count > kMaxClock - from) return in_.fail("a deletion reaches beyond clock 4294967294");
  client = client_;
  clock = static_cast<std::uint32_t>(from);
  length = static_cast<std::uint32_t>(count);
  return true;
}

}  // namespace concord::crdt
