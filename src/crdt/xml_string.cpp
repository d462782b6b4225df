#include "crdt/xml_string.h"

#include <algorithm>

#include "crdt/any_json.h"
#include "crdt/utf16.h"
#include "crdt/xml.h"

namespace concord::crdt {
namespace {

constexpr std::size_t kMaxTypes = 500;
constexpr const char* kObject = "[object Object]";

/// By UTF-16 code units: as by bytes, but characters of four bytes come before those from U+E000 on.
bool precedes(std::string_view a, std::string_view b) {
  const auto [x, y] = std::ranges::mismatch(a, b);
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xf0U ? 0xeeU : byte >= 0xeeU ? byte + 1U : byte;
  };
  return rank(*x) != rank(*y) ? rank(*x) < rank(*y) : static_cast<unsigned char>(*x) < static_cast<unsigned char>(*y);
}

/// Letters of ASCII, Latin-1, Greek and Cyrillic.
std::string lower(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    unsigned c = byte;
    const bool pair = byte >= 0xc3 && byte <= 0xd0 && i + 1 < text.size();
    if (pair) c = (byte & 31U) << 6U | (static_cast<unsigned char>(text[++i]) & 63U);
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7 && pair) || (c >= 0x391 && c <= 0x3a9) ||
        (c >= 0x410 && c <= 0x42f))
      c += 32;
    else if (c >= 0x400 && c <= 0x40f)
      c += 80;
    if (pair) {
      out.push_back(static_cast<char>(0xc0U | c >> 6U));
      out.push_back(static_cast<char>(0x80U | (c & 63U)));
    } else {
      out.push_back(static_cast<char>(c));
    }
  }
  return out;
}

/// What for (key in value) goes through: names of members, indices of elements and of code units.
std::vector<std::pair<std::string, std::string>> members(const Any& value) {
  std::vector<std::pair<std::string, std::string>> out;
  if (const auto* object = value.as<AnyObject>()) {
    for (const AnyMember& member : *object) out.emplace_back(member.name, javascript_string(member.value));
  } else if (const auto* array = value.as<AnyArray>()) {
    for (std::size_t i = 0; i < array->size(); ++i) out.emplace_back(std::to_string(i), javascript_string((*array)[i]));
  } else if (const auto* bytes = value.as<Bytes>()) {
    for (std::size_t i = 0; i < bytes->size(); ++i) out.emplace_back(std::to_string(i), std::to_string((*bytes)[i]));
  } else if (const auto* text = value.as<std::string>()) {
    std::size_t unit = 0;
    for (std::size_t at = 0; at < text->size();) {
      const auto lead = static_cast<unsigned char>((*text)[at]);
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      // Each half of a pair alone is no character.
      if (size == 4) out.emplace_back(std::to_string(unit++), "\xef\xbf\xbd");
      out.emplace_back(std::to_string(unit++), size == 4 ? "\xef\xbf\xbd" : text->substr(at, size));
      at += size;
    }
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) { return precedes(a.first, b.first); });
  return out;
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"").append(value).append("\"");
}

}  // namespace

std::string javascript_string(const Any& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  if (value.is_undefined()) return "undefined";
  if (value.is_null()) return "null";
  if (const auto* integer = value.as<BigInt>()) return std::to_string(integer->value);
  if (const auto* bytes = value.as<Bytes>()) {
    std::string out;
    for (const std::uint8_t byte : *bytes) out += (out.empty() ? "" : ",") + std::to_string(byte);
    return out;
  }
  if (value.is_object()) return kObject;
  if (const auto* array = value.as<AnyArray>()) {
    std::string out;
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i != 0) out += ',';
      const Any& element = (*array)[i];
      if (!element.is_undefined() && !element.is_null()) out += javascript_string(element);
    }
    return out;
  }
  if (const auto* number = value.as<double>()) {
    if (*number != *number) return "NaN";
    if (*number - *number != 0) return *number > 0 ? "Infinity" : "-Infinity";
    if (*number == 0) return "0";
  }
  return to_json(value);
}

std::string XmlString::of_type(TypeRef type, std::size_t depth) const {
  if (depth > kMaxTypes) return {};
  switch (engine_.store.types[type].kind) {
    case TypeKind::kXmlElement:
      return of_element(type, depth);
    case TypeKind::kXmlFragment:
      return of_children(type, depth);
    case TypeKind::kXmlText:
      return of_text(type, depth);
    case TypeKind::kText:
      return engine_.text_to_string(type);
    default:
      return kObject;
  }
}

std::string XmlString::of_value(const Value& value, std::size_t depth) const {
  if (const auto* any = std::get_if<Any>(&value)) return javascript_string(*any);
  return std::visit(
      [&](const auto& handle) -> std::string {
        if constexpr (std::is_base_of_v<SharedType, std::decay_t<decltype(handle)>>)
          return of_type(engine_.type_of(handle), depth);
        else
          return kObject;
      },
      value);
}

std::string XmlString::of_children(TypeRef type, std::size_t depth) const {
  std::string out;
  for (const Value& child : engine_.list_values(type)) out += of_value(child, depth + 1);
  return out;
}

std::string XmlString::of_element(TypeRef type, std::size_t depth) const {
  auto attributes = engine_.map_values(type);
  std::ranges::sort(attributes, [](const auto& a, const auto& b) { return precedes(a.first, b.first); });
  const std::string name = lower(engine_.node_name(type));
  std::string out = "<" + name;
  for (const auto& [key, value] : attributes) append_attribute(out, key, of_value(value, depth + 1));
  return out + ">" + of_children(type, depth) + "</" + name + ">";
}

std::string XmlString::of_text(TypeRef type, std::size_t depth) const {
  std::string out;
  for (const DeltaOp& op : engine_.text_to_delta(type, false)) {
    auto nodes = op.attributes;
    std::ranges::sort(nodes, [](const auto& a, const auto& b) { return precedes(a.first, b.first); });
    for (const auto& [name, value] : nodes) {
      out.append("<").append(name);
      for (const auto& [key, text] : members(value)) append_attribute(out, key, text);
      out += ">";
    }
    if (op.kind == DeltaOp::Kind::kInsert)
      out += op.text;
    else
      out += op.shared.alive() ? of_type(engine_.type_of(op.shared), depth + 1) : javascript_string(op.embed);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) out.append("</").append(node->first).append(">");
  }
  return out;
}

}  // namespace concord::crdt
