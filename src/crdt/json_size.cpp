// The sizes of what JSON would say, item by item: types within types are not descended into, since each type of the
// document is asked by itself.

#include "crdt/json_size.h"

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>
#include <vector>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/delete_set.h"
#include "crdt/doc.h"
#include "crdt/engine.h"
#include "crdt/stored_value.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

namespace {

constexpr std::size_t kComma = 1;
constexpr std::size_t kQuotes = 2;
constexpr std::size_t kBrackets = 2;
constexpr std::size_t kText = 12 + kQuotes;     // {"insert":""},
constexpr std::size_t kEmbed = 12;              // {"insert":},
constexpr std::size_t kAttributes = 16;         // ,"attributes":{}
constexpr std::size_t kTags = 5;                // <></>
constexpr std::size_t kDocument = 11 + kComma;  // {"guid":""},
constexpr std::size_t kHalves = 2;              // two of U+FFFD for four bytes
constexpr std::size_t kEscapedSurrogate = 6, kSurrogate = 3;

/// By how much a byte is longer in JSON.
constexpr std::array<std::uint8_t, 256> kEscapes = [] {
  std::array<std::uint8_t, 256> out{};
  for (std::size_t c = 0; c < 0x20; ++c) out[c] = 5;
  for (const char c : {'"', '\\', '\b', '\f', '\n', '\r', '\t'}) out[static_cast<unsigned char>(c)] = 1;
  return out;
}();

std::size_t base64_bytes(std::size_t bytes) { return (bytes + 2) / 3 * 4 + kQuotes; }

std::size_t stored_bytes(std::string_view stored) {
  return stored_as_any(stored) ? json_bytes(read_stored_value(stored)) : stored.size();
}

/// Of so many values in their binary form, each with a comma.
std::size_t any_bytes(ByteView encoded, std::uint32_t count) {
  WireReader in(encoded);
  std::size_t out = 0;
  Any value;
  for (std::uint32_t i = 0; i < count && read_any(in, value); ++i) out += json_bytes(value) + kComma;
  return out;
}

/// Of so many JSON texts.
std::size_t texts_bytes(ByteView encoded, std::uint32_t count) {
  WireReader in(encoded);
  std::size_t out = 0;
  ByteView text;
  for (std::uint32_t i = 0; i < count && in.var_bytes(text); ++i) out += text.size() + kComma;
  return out;
}

}  // namespace

std::size_t json_string_bytes(std::string_view utf8) {
  std::size_t out = utf8.size() + kQuotes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    out += kEscapes[c];
    if (c == 0xed && i + 2 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) >= 0xa0)
      out += kEscapedSurrogate - kSurrogate;
  }
  return out;
}

std::size_t json_bytes(const Any& value) {
  if (const auto* text = value.as<std::string>()) return json_string_bytes(*text);
  if (const auto* bytes = value.as<Bytes>()) return base64_bytes(bytes->size());
  std::size_t out = kBrackets;
  if (const auto* elements = value.as<AnyArray>()) {
    for (const Any& element : *elements) out += json_bytes(element) + kComma;
    return elements->empty() ? out : out - kComma;
  }
  if (const auto* members = value.as<AnyObject>()) {
    std::size_t said = 0;
    for (const AnyMember& member : *members)
      if (!member.value.is_undefined()) said += json_string_bytes(member.name) + 1 + json_bytes(member.value) + kComma;
    return said == 0 ? out : out + said - kComma;
  }
  return to_json(value).size();
}

class JsonMeter {
 public:
  explicit JsonMeter(const Store& store) : store_(store) {}

  std::size_t all() const {
    std::size_t out = kBrackets;
    for (TypeRef type = 0; type < store_.types.size(); ++type) {
      const TypeRecord& record = store_.types[type];
      if (!record.in_use || (record.item != kNone && store_.items[record.item].deleted())) continue;
      if (record.item == kNone) out += json_string_bytes(name_of(record)) + 1 + kComma;
      out += frame(record) + members(record) + list(record);
    }
    return out;
  }

 private:
  enum class Shape : std::uint8_t { kList, kDelta, kXmlText };

  std::string_view name_of(const TypeRecord& type) const {
    return type.name == kNone ? std::string_view() : store_.contents.names.at(type.name);
  }

  std::size_t frame(const TypeRecord& type) const {
    if (type.kind == TypeKind::kXmlElement || type.kind == TypeKind::kXmlHook) return kTags + 2 * name_of(type).size();
    return kBrackets;
  }

  std::size_t members(const TypeRecord& type) const {
    std::size_t out = 0;
    for (std::uint32_t e = type.first_entry; e != kNone; e = store_.entries[e].next) {
      const ItemRef tail = store_.entries[e].tail;
      if (tail == kNone || store_.items[tail].deleted()) continue;
      out += json_string_bytes(store_.contents.names.at(store_.entries[e].key)) + 1 + elements(store_.items[tail]);
    }
    return out;
  }

  /// A root that nobody has named the kind of is what its first content makes it.
  Shape shape_of(const TypeRecord& type) const {
    if (type.kind == TypeKind::kText) return Shape::kDelta;
    if (type.kind == TypeKind::kXmlText) return Shape::kXmlText;
    if (type.kind != TypeKind::kUnknown) return Shape::kList;
    for (ItemRef at = type.start; at != kNone; at = store_.items[at].right) {
      const Item& item = store_.items[at];
      if (item.deleted()) continue;
      const Kind kind = item.kind();
      return kind == Kind::kString || kind == Kind::kEmbed || kind == Kind::kFormat ? Shape::kDelta : Shape::kList;
    }
    return Shape::kList;
  }

  std::size_t list(const TypeRecord& type) const {
    const Shape shape = shape_of(type);
    if (shape != Shape::kList) return runs(type, shape);
    std::size_t out = 0;
    for (ItemRef at = type.start; at != kNone; at = store_.items[at].right)
      if (store_.items[at].visible() != 0) out += elements(store_.items[at]);
    return out;
  }

  /// What an item holds, with a comma behind each element. A type within it is asked by itself.
  std::size_t elements(const Item& item) const {
    switch (item.kind()) {
      case Kind::kAny:
        return any_bytes(store_.bytes_of(item), item.length);
      case Kind::kJson:
        return texts_bytes(store_.bytes_of(item), item.length);
      case Kind::kString:
        return json_string_bytes(as_text(store_.bytes_of(item))) + kComma;
      case Kind::kEmbed:
        return stored_bytes(as_text(store_.bytes_of(item))) + kComma;
      case Kind::kBinary:
        return base64_bytes(store_.bytes_of(item).size()) + kComma;
      case Kind::kDoc:
        return store_.bytes_of(item).size() + kDocument;
      case Kind::kType:
        return kComma;
      default:
        return 0;
    }
  }

  /// A text: runs of the same formats, and embeds.
  std::size_t runs(const TypeRecord& type, Shape shape) const {
    const bool is_xml = shape == Shape::kXmlText;
    std::unordered_map<std::uint32_t, std::size_t> formats;  // in force, by key: what each says
    std::size_t said = 0;                                    // by all of them
    std::size_t run = 0;
    std::size_t out = 0;
    const auto attributes = [&] { return formats.empty() ? 0 : said + (is_xml ? 0 : kAttributes - kComma); };
    const auto flush = [&] {
      if (run > 0) out += run + (is_xml ? 0 : kText) + attributes();
      run = 0;
    };
    for (ItemRef at = type.start; at != kNone; at = store_.items[at].right) {
      const Item& item = store_.items[at];
      if (item.deleted()) continue;
      if (item.kind() == Kind::kString) {
        run += json_string_bytes(as_text(store_.bytes_of(item))) - kQuotes;
      } else if (item.kind() == Kind::kFormat) {
        flush();
        set(formats, said, store_.contents.format(item.content), is_xml);
      } else if (item.visible() != 0) {
        flush();
        out += elements(item) - kComma + (is_xml ? 0 : kEmbed) + attributes();
      }
    }
    flush();
    return out;
  }

  void set(std::unordered_map<std::uint32_t, std::size_t>& formats, std::size_t& said, const Format& format,
           bool is_xml) const {
    const auto found = formats.find(format.key);
    if (found != formats.end()) {
      said -= found->second;
      formats.erase(found);
    }
    const std::string_view value = store_.contents.values.at(format.value);
    if (value == "null") return;
    const std::string_view key = store_.contents.names.at(format.key);
    const std::size_t size =
        stored_bytes(value) + (is_xml ? kTags + 2 * key.size() : json_string_bytes(key) + 1 + kComma);
    formats.emplace(format.key, size);
    said += size;
  }

  const Store& store_;
};

std::size_t Doc::json_bytes() const { return JsonMeter(engine_->store).all(); }

std::size_t Doc::deletes(ByteView update) const {
  const Store& store = engine_->store;
  UpdateReaderV1 reader(update);
  RawStruct raw;
  while (reader.next(raw)) {
  }
  std::vector<DeletedRange<std::uint64_t>> ranges;
  DeletedRange<std::uint64_t> range{};
  while (reader.ok() && reader.next_deleted(range.client, range.clock, range.length))
    if (range.length > 0) ranges.push_back(range);
  if (!reader.ok()) return 0;
  normalize(ranges, std::ranges::less{});  // so that nothing counts twice
  std::size_t out = 0;
  for (const auto& one : ranges) {
    const auto client = store.find_client(one.client);
    if (!client || one.clock >= store.clients[*client].state) continue;
    const ClockIndex& index = store.clients[*client].index;
    ClockPosition at = index.find(store.items.data(), one.clock);
    const std::uint32_t end = one.clock + one.length;
    do {
      const Item& item = store.items[index.at(at)];
      if (item.clock >= end) break;
      if (item.visible() != 0) out += std::min(end, item.end()) - std::max(one.clock, item.clock);
    } while (index.next(at));
  }
  return out;
}

namespace {

/// Whether it comes behind what its author wrote just before: in the same run, unless that was deleted.
bool goes_on(const RawStruct& raw) {
  return raw.has_origin && raw.origin.client == raw.client && raw.origin.clock + 1 == raw.clock;
}

/// Of an embed or a format.
std::size_t value_bytes(const RawStruct& raw) {
  if (raw.canonical) return raw.payload.size();
  const auto value = parse_json(as_text(raw.payload));
  return value ? json_bytes(*value) : 0;
}

/// An embed, a type or a format parts a run of text in two, and a character of two units in halves, which are longer.
std::size_t most_bytes_of(const RawStruct& raw) {
  switch (raw.kind) {
    case Kind::kAny:
      return any_bytes(raw.payload, raw.length);
    case Kind::kJson:
      return kMostJsonPerByte * raw.payload.size();
    case Kind::kString:
      return json_string_bytes(as_text(raw.payload)) + (goes_on(raw) ? kComma : kText);
    case Kind::kEmbed:
      return value_bytes(raw) + kEmbed + kText + kHalves;
    case Kind::kBinary:
      return base64_bytes(raw.payload.size()) + kComma;
    case Kind::kFormat:
      return 2 * json_string_bytes(as_text(raw.name)) + value_bytes(raw) + kText + kAttributes + kHalves;
    case Kind::kType:
      return 2 * raw.name.size() + kTags + kEmbed + kText + kHalves;
    case Kind::kDoc:
      return raw.name.size() + raw.payload.size() + kDocument + kMaxVaruint;
    default:
      return 0;
  }
}

}  // namespace

std::size_t most_json_growth(ByteView update) {
  UpdateReaderV1 reader(update);
  RawStruct raw;
  std::size_t out = 0;
  while (reader.next(raw)) {
    out += most_bytes_of(raw);
    if (!raw.has_parent()) continue;
    if (raw.has_key) out += json_string_bytes(as_text(raw.key)) + 1;
    if (raw.parent_is_root) out += json_string_bytes(as_text(raw.root_name)) + 1 + kComma + kBrackets;
    out += kText;  // the first of its list
  }
  return reader.ok() ? out : 0;
}

}  // namespace concord::crdt
