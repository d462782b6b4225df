#include "crdt/canonical.h"

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

bool small_integer(std::string_view text) {
  if (text.empty() || text.size() > 9 || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return true;
}

}  // namespace

Bytes canonical_document_options(ByteView payload) {
  WireReader in(payload);
  Any options;
  AnyObject kept;
  if (read_any(in, options)) {
    const Any* gc = options.find("gc");
    const Any* load = options.find("autoLoad");
    const Any* meta = options.find("meta");
    const auto* gc_flag = gc != nullptr ? gc->as<bool>() : nullptr;
    const auto* load_flag = load != nullptr ? load->as<bool>() : nullptr;
    if (gc_flag != nullptr && !*gc_flag) kept.push_back({"gc", Any(false)});
    if (load_flag != nullptr && *load_flag) kept.push_back({"autoLoad", Any(true)});
    if (meta != nullptr && !meta->is_null() && !meta->is_undefined()) kept.push_back({"meta", *meta});
  }
  Bytes out;
  WireWriter writer(out);
  write_any(writer, Any(std::move(kept)));
  return out;
}

Bytes canonical_values(ByteView payload) {
  WireReader in(payload);
  Bytes out;
  WireWriter writer(out);
  while (!in.at_end()) {
    Any value;
    if (!read_any(in, value)) break;
    write_any(writer, value);
  }
  return out;
}

Bytes canonical_json_elements(ByteView payload) {
  WireReader in(payload);
  Bytes out;
  WireWriter writer(out);
  ByteView element;
  while (!in.at_end() && in.var_bytes(element)) {
    const std::string_view text = as_text(element);
    writer.var_bytes(as_bytes(text == "undefined" ? std::string(text) : canonical_json(text)));
  }
  return out;
}

bool plain_json_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  for (const char c : text.substr(1, text.size() - 2))
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
  return true;
}

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

}  // namespace concord::crdt
