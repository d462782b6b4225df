#include "crdt/struct_writer.h"

#include "crdt/any_codec.h"
#include "crdt/canonical.h"

namespace concord::crdt {
namespace {

/// Where element `element` of a run of encoded values begins.
std::size_t element_start(Kind kind, ByteView payload, std::uint32_t element) {
  WireReader in(payload);
  ByteView text;
  bool canonical = true;
  for (std::uint32_t i = 0; i < element; ++i) {
    if (kind == Kind::kAny)
      scan_any(in, canonical);
    else
      in.var_bytes(text);
  }
  return in.position();
}

}  // namespace

template <class Fields>
void StructWriter<Fields>::write(const StructPart& part) {
  if (sections_.empty() || sections_.back().client != part.raw.client) {
    sections_.push_back({part.raw.client, 0, body_.size()});
    out_.client(part.raw.client);
    out_.rest().uint(part.clock());
  }
  ++sections_.back().structs;
  if constexpr (Fields::kFormat == UpdateFormat::kV1)
    if (write_plain(part)) return;
  write_struct(part);
}

/// A short plain struct (plain_struct.h) that is written whole, at once; false where it is not one.
template <class Fields>
bool StructWriter<Fields>::write_plain(const StructPart& part) {
  constexpr std::uint32_t kShort = 64;
  const RawStruct& raw = part.raw;
  const bool text = raw.kind == Kind::kString && raw.ascii;
  if (!(text || raw.kind == Kind::kDeleted) || !raw.has_origin || part.offset != 0 || (text && raw.length > kShort))
    return false;
  out_.rest().fill(kPlainStructRoom + kShort, [&raw, text](std::uint8_t* to) {
    *to++ = static_cast<std::uint8_t>(static_cast<unsigned>(raw.kind) | (raw.has_right_origin ? 0xc0U : 0x80U));
    to = put_varuint(to, raw.origin.client);
    to = put_varuint(to, raw.origin.clock);
    if (raw.has_right_origin) {
      to = put_varuint(to, raw.right_origin.client);
      to = put_varuint(to, raw.right_origin.clock);
    }
    to = put_varuint(to, raw.length);
    if (!text) return to;
    std::memcpy(to, raw.payload.data(), raw.length);
    return to + raw.length;
  });
  return true;
}

template <class Fields>
void StructWriter<Fields>::write_struct(const StructPart& part) {
  const RawStruct& raw = part.raw;
  if (raw.kind == Kind::kGc || raw.kind == Kind::kSkip) {
    out_.info(static_cast<std::uint8_t>(raw.kind));
    if (raw.kind == Kind::kGc)
      out_.length(raw.length - part.offset);
    else
      out_.rest().uint(raw.length - part.offset);
    return;
  }
  const bool has_origin = raw.has_origin || part.offset > 0;
  out_.info(static_cast<std::uint8_t>(static_cast<unsigned>(raw.kind) | (has_origin ? 0x80U : 0U) |
                                      (raw.has_right_origin ? 0x40U : 0U) | (raw.has_key ? 0x20U : 0U)));
  if (has_origin) {
    if (part.offset > 0)
      out_.left_id(raw.client, part.clock() - 1);
    else
      out_.left_id(raw.origin.client, raw.origin.clock);
  }
  if (raw.has_right_origin) out_.right_id(raw.right_origin.client, raw.right_origin.clock);
  if (!has_origin && !raw.has_right_origin) {
    out_.parent_is_root(raw.parent_is_root);
    if (raw.parent_is_root)
      out_.text(raw.root_name);
    else
      out_.left_id(raw.parent.client, raw.parent.clock);
    if (raw.has_key) out_.text(raw.key);
  }
  write_content(raw, part.offset);
}

template <class Fields>
void StructWriter<Fields>::write_text(const RawStruct& raw, std::uint32_t offset) {
  const ByteView text = raw.payload;
  const std::uint32_t units = raw.length - offset;
  if (offset == 0 || raw.ascii) return out_.string(text.subspan(offset), units);
  const UnitPosition cut = find_unit(text.data(), text.size(), offset);
  if (cut.inside)
    out_.string_after_half(text.subspan(cut.bytes + 4), units);
  else
    out_.string(text.subspan(cut.bytes), units);
}

template <class Fields>
void StructWriter<Fields>::write_value(const RawStruct& raw) {
  if (raw.json_value) {
    if (raw.canonical || Fields::kFormat == UpdateFormat::kV2)
      out_.json_value(raw.payload);
    else
      out_.json_value(as_bytes(canonical_json(as_text(raw.payload))));
  } else if (raw.canonical) {
    out_.any_value(raw.payload);
  } else {
    out_.any_value(canonical_values(raw.payload));
  }
}

template <class Fields>
void StructWriter<Fields>::write_content(const RawStruct& raw, std::uint32_t offset) {
  switch (raw.kind) {
    case Kind::kDeleted:
      out_.length(raw.length - offset);
      break;
    case Kind::kString:
      write_text(raw, offset);
      break;
    case Kind::kBinary:
      out_.rest().var_bytes(raw.payload);
      break;
    case Kind::kEmbed:
      write_value(raw);
      break;
    case Kind::kFormat:
      out_.key(raw.name);
      write_value(raw);
      break;
    case Kind::kType:
      out_.type_kind(raw.type_kind);
      if (raw.type_kind == 3 || raw.type_kind == 5) out_.key(raw.name);
      break;
    case Kind::kAny: {
      const ByteView payload = raw.payload.subspan(element_start(raw.kind, raw.payload, offset));
      out_.length(raw.length - offset);
      if (raw.canonical)
        out_.rest().bytes(payload);
      else
        out_.rest().bytes(canonical_values(payload));
      break;
    }
    case Kind::kJson:
      out_.length(raw.length - offset);
      out_.json_elements(canonical_json_elements(raw.payload.subspan(element_start(raw.kind, raw.payload, offset))));
      break;
    case Kind::kDoc:
      out_.text(raw.name);
      out_.rest().bytes(canonical_document_options(raw.payload));
      break;
    default:
      break;
  }
}

template <class Fields>
Bytes StructWriter<Fields>::finish(const IdRanges& deleted) {
  Bytes rest;
  WireWriter out(rest);
  out.uint(sections_.size());
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const std::size_t end = i + 1 < sections_.size() ? sections_[i + 1].begin : body_.size();
    out.uint(sections_[i].structs);
    out.bytes(ByteView(body_).subspan(sections_[i].begin, end - sections_[i].begin));
  }
  write_delete_set(out, deleted, [](std::uint64_t client) { return client; }, Fields::kFormat == UpdateFormat::kV2);
  return out_.finish(std::move(rest));
}

template class StructWriter<FieldWriterV1>;
template class StructWriter<FieldWriterV2>;

}  // namespace concord::crdt
