#include "app/crdt_inspect.h"

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/update.h"
#include "crdt/update_reader.h"

namespace concord::app {

namespace {

using crdt::Kind;
using crdt::RawId;
using crdt::RawStruct;

constexpr std::size_t kShownBytes = 60;  // of a content

std::string quoted(ByteView utf8) {
  std::string out;
  crdt::append_json_string(out, as_text(utf8));
  return out;
}

/// Cut at a character's beginning.
std::string shortened(std::string text) {
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {"gc",     "deleted", "json", "binary",   "string", "embed",
                                         "format", "type",    "any",  "document", "skip"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view type_name(std::uint8_t kind) {
  constexpr std::string_view kNames[] = {"array", "map", "text", "xml-element", "xml-fragment", "xml-hook", "xml-text"};
  return kNames[kind];
}

/// One any value as JSON, however exotic.
std::string json_of(crdt::WireReader& in) {
  crdt::Any value;
  return read_any(in, value) ? to_json(value) : std::string();
}

std::string value_of(const RawStruct& raw) {
  if (raw.json_value) return std::string(as_text(raw.payload));
  crdt::WireReader in(raw.payload);
  return json_of(in);
}

std::string elements_of(const RawStruct& raw) {
  crdt::WireReader in(raw.payload);
  std::string out = "[";
  for (std::uint32_t i = 0; i < raw.length && out.size() <= kShownBytes; ++i) {
    if (i > 0) out += ",";
    ByteView text;
    if (raw.kind == Kind::kAny)
      out += json_of(in);
    else if (in.var_bytes(text))
      out += as_text(text);
  }
  return out + "]";
}

std::string content_of(const RawStruct& raw) {
  switch (raw.kind) {
    case Kind::kString:
      return quoted(raw.payload.first(std::min(raw.payload.size(), 2 * kShownBytes)));
    case Kind::kEmbed:
      return value_of(raw);
    case Kind::kFormat:
      return "{" + quoted(raw.name) + ":" + value_of(raw) + "}";
    case Kind::kBinary:
      return to_hex(raw.payload.first(std::min(raw.payload.size(), kShownBytes)));
    case Kind::kAny:
    case Kind::kJson:
      return elements_of(raw);
    case Kind::kDoc: {
      crdt::WireReader in(raw.payload);
      return quoted(raw.name) + " " + json_of(in);
    }
    default:
      return {};
  }
}

class Printer {
 public:
  explicit Printer(std::ostream& out) : out_(out) {}

  void print(const RawStruct& raw) {
    out_ << "struct " << raw.client << ":" << raw.clock << " +" << raw.length << " " << name_of(raw.kind);
    if (raw.kind != Kind::kGc && raw.kind != Kind::kSkip) {
      if (raw.has_origin) id("origin", raw.origin);
      if (raw.has_right_origin) id("right-origin", raw.right_origin);
      if (raw.has_parent() && raw.parent_is_root) out_ << " root=" << quoted(raw.root_name);
      if (raw.has_parent() && !raw.parent_is_root) id("parent", raw.parent);
      if (raw.has_key) out_ << " key=" << quoted(raw.key);
      if (raw.kind == Kind::kType) out_ << " type=" << type_name(raw.type_kind);
      if (raw.kind == Kind::kType && !raw.name.empty()) out_ << " name=" << quoted(raw.name);
      if (const std::string content = content_of(raw); !content.empty()) out_ << " content=" << shortened(content);
    }
    out_ << "\n";
  }

 private:
  void id(std::string_view what, const RawId& id) { out_ << " " << what << "=" << id.client << ":" << id.clock; }

  std::ostream& out_;
};

template <class Fields>
void print_all(crdt::UpdateReader<Fields> reader, std::ostream& out) {
  Printer printer(out);
  RawStruct raw;
  while (reader.next(raw)) printer.print(raw);
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  while (reader.next_deleted(client, clock, length))
    out << "deleted " << client << ":" << clock << " +" << length << "\n";
}

}  // namespace

Result<> inspect_update(ByteView update, crdt::UpdateFormat format, std::ostream& out) {
  TRY(const crdt::UpdateInfo info, crdt::describe_update(update, format));
  const bool v1 = format == crdt::UpdateFormat::kV1;
  out << "update " << (v1 ? "v1" : "v2") << ", " << update.size() << " bytes, " << info.structs << " structs of "
      << info.clients.size() << " clients, " << info.deleted_ranges << " deleted ranges\n";
  if (v1)
    print_all(crdt::UpdateReader<crdt::FieldReaderV1>(update), out);
  else
    print_all(crdt::UpdateReader<crdt::FieldReaderV2>(update), out);
  return {};
}

}  // namespace concord::app
