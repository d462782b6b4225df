// Read-outs: what the shared types show.

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/engine.h"
#include "crdt/stored_value.h"
#include "crdt/xml_string.h"

namespace concord::crdt {
namespace {

/// Types within types may be nested without bound; what is deeper reads as undefined.
constexpr std::size_t kMaxTypeNesting = 500;

}  // namespace

/// Reads an item's elements one after the other.
class ElementReader {
 public:
  ElementReader(const Store& store, const Item& item) : store_(store), item_(item), in_(store.bytes_of(item)) {}

  Any next() {
    Any value;
    switch (item_.kind()) {
      case Kind::kAny:
        read_any(in_, value);
        return value;
      case Kind::kJson: {
        ByteView text;
        in_.var_bytes(text);
        return parsed(as_text(text));
      }
      case Kind::kEmbed:
        return read_stored_value(as_text(store_.bytes_of(item_)));
      case Kind::kBinary:
        return Any(to_bytes(store_.bytes_of(item_)));
      case Kind::kString:
        return Any(as_text(store_.bytes_of(item_)));
      case Kind::kDoc: {
        ByteView guid;
        in_.var_bytes(guid);
        return Any(AnyObject{{"guid", Any(as_text(guid))}});
      }
      default:
        return value;
    }
  }

 private:
  static Any parsed(std::string_view json) {
    auto value = parse_json(json);
    return value ? std::move(*value) : Any();
  }
  const Store& store_;
  const Item& item_;
  WireReader in_;
};

/// Turns a type into the value that its toJSON gives.
class JsonReader {
 public:
  explicit JsonReader(Engine& engine) : engine_(engine), store_(engine.store) {}

  Any type(TypeRef ref, std::size_t depth) const {
    if (depth > kMaxTypeNesting) return {};
    switch (store_.types[ref].kind) {
      case TypeKind::kText:
        return Any(engine_.text_to_string(ref));
      case TypeKind::kXmlText:
      case TypeKind::kXmlElement:
      case TypeKind::kXmlFragment:
        return Any(XmlString(engine_).of_type(ref, depth));
      case TypeKind::kArray:
        return Any(list(ref, depth));
      case TypeKind::kMap:
      case TypeKind::kXmlHook:
        return Any(map(ref, depth));
      default:
        return {};
    }
  }

  AnyArray list(TypeRef ref, std::size_t depth) const {
    AnyArray out;
    for (ItemRef item = store_.types[ref].start; item != kNone; item = store_.items[item].right) {
      const Item& it = store_.items[item];
      if (it.visible() == 0) continue;
      if (it.kind() == Kind::kType) {
        out.push_back(type(it.content, depth + 1));
        continue;
      }
      ElementReader elements(store_, it);
      const std::uint32_t count = it.kind() == Kind::kString ? 1 : it.length;
      for (std::uint32_t i = 0; i < count; ++i) out.push_back(elements.next());
    }
    return out;
  }

  AnyObject map(TypeRef ref, std::size_t depth) const {
    AnyObject out;
    for (std::uint32_t e = store_.types[ref].first_entry; e != kNone; e = store_.entries[e].next) {
      const ItemRef tail = store_.entries[e].tail;
      if (tail == kNone || store_.items[tail].deleted()) continue;
      const Item& it = store_.items[tail];
      Any value = it.kind() == Kind::kType ? type(it.content, depth + 1) : last_element(it);
      out.push_back({std::string(store_.contents.names.at(store_.entries[e].key)), std::move(value)});
    }
    return out;
  }

  Any last_element(const Item& it) const {
    ElementReader elements(store_, it);
    Any value = elements.next();
    for (std::uint32_t i = 1; i < it.length && it.kind() != Kind::kString; ++i) value = elements.next();
    return value;
  }

 private:
  Engine& engine_;
  const Store& store_;
};

std::string Engine::text_to_string(TypeRef text) const {
  std::string out;
  for (ItemRef item = store.types[text].start; item != kNone; item = store.items[item].right) {
    const Item& it = store.items[item];
    if (!it.deleted() && it.kind() == Kind::kString) out.append(as_text(store.bytes_of(it)));
  }
  return out;
}

Attributes Engine::attributes_of(const FormatState& formats) const {
  Attributes out;
  for (const Format& format : formats) {
    out.emplace_back(std::string(store.contents.names.at(format.key)),
                     read_stored_value(store.contents.values.at(format.value)));
  }
  return out;
}

DeltaOp Engine::embed_op(const Item& item, Attributes attributes, bool json) {
  const bool reads = json || item.kind() != Kind::kType;
  DeltaOp op = DeltaOp::insert_embed(reads ? embed_of(item) : Any(), std::move(attributes));
  if (item.kind() == Kind::kType) op.shared = handle<SharedType>(item.content);
  return op;
}

std::vector<DeltaOp> Engine::text_to_delta(TypeRef text, bool json) {
  std::vector<DeltaOp> delta;
  FormatState formats;
  std::string run;
  const auto flush = [&] {
    if (!run.empty()) delta.push_back(DeltaOp::insert(std::move(run), attributes_of(formats)));
    run.clear();
  };
  for (ItemRef item = store.types[text].start; item != kNone; item = store.items[item].right) {
    const Item& it = store.items[item];
    if (it.deleted()) continue;
    switch (it.kind()) {
      case Kind::kString:
        run.append(as_text(store.bytes_of(it)));
        break;
      case Kind::kFormat:
        flush();
        set_format(formats, store.contents.format(it.content));
        break;
      case Kind::kEmbed:
      case Kind::kType:
        flush();
        delta.push_back(embed_op(it, attributes_of(formats), json));
        break;
      default:
        break;
    }
  }
  flush();
  return delta;
}

Any Engine::type_to_json(TypeRef type, TypeKind as) {
  const JsonReader reader(*this);
  if (as == TypeKind::kMap) return Any(reader.map(type, 0));
  return Any(reader.list(type, 0));
}

Value Engine::value_of_type(TypeRef type) {
  switch (store.types[type].kind) {
    case TypeKind::kText:
      return handle<Text>(type);
    case TypeKind::kArray:
      return handle<Array>(type);
    case TypeKind::kMap:
      return handle<Map>(type);
    case TypeKind::kXmlFragment:
      return handle<XmlFragment>(type);
    case TypeKind::kXmlElement:
      return handle<XmlElement>(type);
    case TypeKind::kXmlText:
      return handle<XmlText>(type);
    case TypeKind::kXmlHook:
      return handle<XmlHook>(type);
    default:
      return Any();
  }
}

std::vector<Value> Engine::list_values(TypeRef list) {
  std::vector<Value> out;
  for (ItemRef item = store.types[list].start; item != kNone; item = store.items[item].right)
    if (store.items[item].visible() != 0) append_values(store.items[item], out);
  return out;
}

std::vector<std::pair<std::string, Value>> Engine::map_values(TypeRef map) {
  std::vector<std::pair<std::string, Value>> out;
  for (std::uint32_t e = store.types[map].first_entry; e != kNone; e = store.entries[e].next) {
    const ItemRef tail = store.entries[e].tail;
    if (tail == kNone || store.items[tail].deleted()) continue;
    const Item& it = store.items[tail];
    out.emplace_back(store.contents.names.at(store.entries[e].key), value_of(it, it.length - 1));
  }
  return out;
}

void Engine::append_values(const Item& item, std::vector<Value>& out) {
  if (item.kind() == Kind::kType) {
    out.push_back(value_of_type(item.content));
    return;
  }
  if (item.kind() == Kind::kDoc) {
    out.emplace_back(subdocument(item.id()));
    return;
  }
  ElementReader elements(store, item);
  const std::uint32_t count = item.kind() == Kind::kString ? 1 : item.length;
  for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(elements.next());
}

Value Engine::value_of(const Item& item, std::uint32_t element) {
  if (item.kind() == Kind::kType) return value_of_type(item.content);
  if (item.kind() == Kind::kDoc) return subdocument(item.id());
  if (item.kind() == Kind::kString) return Any(as_text(store.bytes_of(item)));
  ElementReader elements(store, item);
  Any value = elements.next();
  for (std::uint32_t i = 0; i < element; ++i) value = elements.next();
  return value;
}

/// What an embed, or a type within a text, reads as.
Any Engine::embed_of(const Item& item) {
  return item.kind() == Kind::kType ? JsonReader(*this).type(item.content, 0) : ElementReader(store, item).next();
}

std::optional<Value> Engine::list_get(TypeRef list, std::size_t index) {
  if (index >= store.types[list].length) return std::nullopt;
  const ListPlace found = place(list, static_cast<std::uint32_t>(index) + 1);
  return value_of(store.items[found.item], found.offset - 1);
}

std::optional<Value> Engine::map_get(TypeRef map, std::string_view key) {
  const std::uint32_t name = store.contents.names.find(key);
  const std::uint32_t entry = name != kNone ? store.find_entry(map, name) : kNone;
  if (entry == kNone) return std::nullopt;
  const ItemRef tail = store.entries[entry].tail;
  if (tail == kNone || store.items[tail].deleted()) return std::nullopt;
  const Item& it = store.items[tail];
  return value_of(it, it.length - 1);
}

}  // namespace concord::crdt
