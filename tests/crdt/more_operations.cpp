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

SubdocumentOptions options_of(const std::string& guid, const Any& value) {
  SubdocumentOptions options{.guid = guid};
  if (const Any* gc = value.find("gc")) options.gc = *gc == Any(true);
  if (const Any* load = value.find("autoLoad")) options.auto_load = *load == Any(true);
  if (const Any* meta = value.find("meta")) options.meta = *meta;
  return options;
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
      return done(std::get<Map>(at).set_type(key, static_cast<TypeKind>(type), name));
    }
    case 105: {
      TRY(const std::size_t index, size());
      TRY(const std::size_t length, size());
      XmlFragment fragment = *fragment_of(at);
      return fragment.erase(index, length);
    }
    case 106: {
      TRY(const std::string name, text());
      TRY(const Any value, any());
      if (auto* element = std::get_if<XmlElement>(&at)) return element->set_attribute(name, value);
      return std::get<XmlText>(at).set_attribute(name, value);
    }
    case 107: {
      TRY(const std::string name, text());
      if (auto* element = std::get_if<XmlElement>(&at)) return element->remove_attribute(name);
      return std::get<XmlText>(at).remove_attribute(name);
    }
    case 108: {
      TRY(const std::size_t index, size());
      TRY(const std::string guid, text());
      TRY(const Any options, any());
      return done(std::get<Array>(at).insert_subdocument(index, options_of(guid, options)));
    }
    case 109: {
      TRY(const std::string key, text());
      TRY(const std::string guid, text());
      TRY(const Any options, any());
      return done(std::get<Map>(at).set_subdocument(key, options_of(guid, options)));
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
  if (kind == 100) return done(std::get<Array>(at).insert_type(index, type_kind, name));
  if (kind == 102) {
    TRY(const Attributes formats, attributes());
    Text* into = std::get_if<Text>(&at);
    if (into == nullptr) into = std::get_if<XmlText>(&at);
    return done(into->insert_embed_type(index, type_kind, name, formats));
  }
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
