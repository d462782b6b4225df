// Operations on XML types, types within any others, and subdocuments; their layout is in operations.h.

#include "operations.h"

namespace concord::crdt {
namespace {

template <class T>
Result<> done(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

const XmlFragment* fragment_of(const Value& at) {
  if (const auto* element = std::get_if<XmlElement>(&at)) return element;
  return std::get_if<XmlFragment>(&at);
}

Map* map_of(Value& at) {
  if (auto* hook = std::get_if<XmlHook>(&at)) return hook;
  return std::get_if<Map>(&at);
}

Text* text_of(Value& at) {
  if (auto* text = std::get_if<XmlText>(&at)) return text;
  return std::get_if<Text>(&at);
}

std::unexpected<Error> no_such_target() {
  return fail(Code::kInvalidArgument, "an operation on a type of another kind");
}

SubdocumentOptions options_of(const std::string& guid, const Any& value) {
  SubdocumentOptions options{.guid = guid};
  if (const Any* gc = value.find("gc")) options.gc = *gc == Any(true);
  if (const Any* load = value.find("autoLoad")) options.auto_load = *load == Any(true);
  if (const Any* meta = value.find("meta")) options.meta = *meta;
  return options;
}

Result<> load(const std::optional<Value>& at) {
  const auto* found = at ? std::get_if<Subdocument>(&*at) : nullptr;
  if (found == nullptr) return no_such_target();
  Subdocument subdocument = *found;
  return subdocument.load();
}

}  // namespace

std::optional<Value> Operations::child(const Value& at, std::size_t index) {
  if (const auto* array = std::get_if<Array>(&at)) return array->get(index);
  if (const XmlFragment* fragment = fragment_of(at)) return fragment->get(index);
  return std::nullopt;
}

Result<> Operations::more(std::uint64_t kind, Value& at) {
  switch (kind) {
    case 100:
    case 102:
    case 103:
    case 104:
      return insert_type(kind, at);
    case 101: {
      TRY(const std::string key, text());
      TRY(const std::uint64_t type, uint());
      TRY(const std::string name, text());
      Map* map = map_of(at);
      return map != nullptr ? done(map->set_type(key, static_cast<TypeKind>(type), name)) : no_such_target();
    }
    case 105: {
      TRY(const std::size_t index, size());
      TRY(const std::size_t length, size());
      const XmlFragment* fragment = fragment_of(at);
      return fragment != nullptr ? XmlFragment(*fragment).erase(index, length) : no_such_target();
    }
    case 106: {
      TRY(const std::string name, text());
      TRY(const Any value, any());
      if (auto* element = std::get_if<XmlElement>(&at)) return element->set_attribute(name, value);
      Text* text = text_of(at);
      return text != nullptr ? text->set_attribute(name, value) : no_such_target();
    }
    case 107: {
      TRY(const std::string name, text());
      if (auto* element = std::get_if<XmlElement>(&at)) return element->remove_attribute(name);
      Text* text = text_of(at);
      return text != nullptr ? text->remove_attribute(name) : no_such_target();
    }
    case 108: {
      TRY(const std::size_t index, size());
      TRY(const std::string guid, text());
      TRY(const Any options, any());
      auto* array = std::get_if<Array>(&at);
      return array != nullptr ? done(array->insert_subdocument(index, options_of(guid, options))) : no_such_target();
    }
    case 109: {
      TRY(const std::string key, text());
      TRY(const std::string guid, text());
      TRY(const Any options, any());
      Map* map = map_of(at);
      return map != nullptr ? done(map->set_subdocument(key, options_of(guid, options))) : no_such_target();
    }
    case 110: {
      TRY(const std::size_t index, size());
      return load(child(at, index));
    }
    case 111: {
      TRY(const std::string key, text());
      Map* map = map_of(at);
      return map != nullptr ? load(map->get(key)) : no_such_target();
    }
    default:
      return fail(Code::kInvalidArgument, "an unknown operation");
  }
}

Result<> Operations::insert_type(std::uint64_t kind, Value& at) {
  TRY(const std::size_t index, size());
  TRY(const std::uint64_t type, uint());
  TRY(const std::string name, text());
  const auto type_kind = static_cast<TypeKind>(type);
  if (kind == 100) {
    auto* array = std::get_if<Array>(&at);
    return array != nullptr ? done(array->insert_type(index, type_kind, name)) : no_such_target();
  }
  if (kind == 102) {
    TRY(const Attributes formats, attributes());
    Text* into = text_of(at);
    return into != nullptr ? done(into->insert_embed_type(index, type_kind, name, formats)) : no_such_target();
  }
  if (fragment_of(at) == nullptr) return no_such_target();
  XmlFragment fragment = *fragment_of(at);
  if (kind == 103) return done(fragment.insert_type(index, type_kind, name));
  SharedType sibling;
  if (index > 0)
    std::visit(
        [&sibling](const auto& handle) {
          if constexpr (std::is_base_of_v<SharedType, std::decay_t<decltype(handle)>>) sibling = handle;
        },
        *fragment.get(index - 1));
  return done(fragment.insert_type_after(sibling, type_kind, name));
}

}  // namespace concord::crdt
