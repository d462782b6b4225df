// What an author might do with XML types, with types within any others and with subdocuments; the same kinds as
// xml_actions.mjs does in Yjs.

#include <algorithm>

#include "crdt/any_codec.h"
#include "random_operations.h"

namespace concord::crdt {
namespace {

const std::vector<std::string> kNames = {"p", "DIV", "Über", "h1", "ЖУК", "b"};
const std::vector<std::string> kAttributes = {"id", "class", "Z", "a", "\uffff", "😀"};
const std::vector<Any> kAttributeValues = {"x",
                                           "",
                                           "a \"quoted\" one",
                                           1,
                                           2.5,
                                           true,
                                           Null{},
                                           AnyObject{{"a", 1}},
                                           AnyArray{1, AnyArray{2, Null{}}, "z"},
                                           Bytes{1, 2},
                                           Undefined{},
                                           -0.0,
                                           1e21};
const std::vector<AnyObject> kMarks = {
    {{"b", AnyObject{}}}, {{"i", AnyObject{{"c", "d"}, {"a", 1}}}},
    {{"b", Null{}}},      {{"i", Null{}}},
    {{"link", "ab😀"}},   {{"n", AnyArray{1, 2}}},
    {{"t", true}},
};
const std::vector<AnyObject> kSubdocuments = {
    {},
    {{"autoLoad", true}},
    {{"gc", false}},
    {{"meta", AnyObject{{"title", "ü"}}}},
    {{"gc", false}, {"autoLoad", true}, {"meta", "m"}},
};
const std::vector<std::string> kKeys = {"k", "key", "doc"};
const std::vector<TypeKind> kNodes = {TypeKind::kXmlElement, TypeKind::kXmlElement, TypeKind::kXmlElement,
                                      TypeKind::kXmlText,    TypeKind::kXmlText,    TypeKind::kXmlHook,
                                      TypeKind::kXmlFragment};

}  // namespace

bool RandomOperations::more() { return dice_.chance(0.75) ? on_node(xml_target()) : nest(target(false)); }

/// Anywhere in the XML root, or in XML within any other type.
Value RandomOperations::xml_target() {
  if (dice_.chance(0.3)) return target(true);
  root_ = 3;
  way_.clear();
  Value at = doc_.xml_fragment("xml");
  while (dice_.chance(0.7) && step_down(at, true)) continue;
  return at;
}

bool RandomOperations::on_node(const Value& at) {
  if (const auto* element = std::get_if<XmlElement>(&at)) return on_fragment(element->length(), true);
  if (const auto* fragment = std::get_if<XmlFragment>(&at)) return on_fragment(fragment->length(), false);
  const Text* text = std::get_if<XmlText>(&at);
  if (text == nullptr) text = std::get_if<Text>(&at);
  if (text == nullptr) return on_any(at);
  return dice_.chance(0.2) ? on_attribute() : dice_.chance(0.4) ? on_marks(*text) : on_text(*text);
}

bool RandomOperations::on_fragment(std::size_t length, bool element) {
  const std::size_t index = dice_.below(length + 1);
  const double dice = dice_.random();
  if (dice < 0.55) {
    begin(dice < 0.4 ? 103 : 104);
    out_.uint(index);
    new_type();
    return true;
  }
  if (dice >= 0.7) return element && on_attribute();
  if (length == 0) return false;
  const std::size_t from = dice_.below(length);
  begin(105);
  out_.uint(from);
  out_.uint(1 + dice_.below(std::min<std::size_t>(length - from, 2)));
  return true;
}

bool RandomOperations::on_attribute() {
  const std::string& name = dice_.pick(kAttributes);
  const bool sets = dice_.chance(0.7);
  begin(sets ? 106 : 107);
  text(name);
  if (sets) write_any(out_, dice_.pick(kAttributeValues));
  return true;
}

bool RandomOperations::on_marks(const Text& at) {
  begin(4);
  out_.uint(dice_.below(at.length() + 1));
  out_.uint(1 + dice_.below(5));
  write_any(out_, dice_.pick(kMarks));
  return true;
}

void RandomOperations::new_type() {
  const TypeKind kind = dice_.pick(kNodes);
  out_.uint(static_cast<std::uint64_t>(kind));
  text(kind == TypeKind::kXmlElement || kind == TypeKind::kXmlHook ? dice_.pick(kNames) : std::string());
}

void RandomOperations::new_subdocument() {
  text("guid-" + std::to_string(dice_.below(1000)));
  write_any(out_, dice_.pick(kSubdocuments));
}

/// A type or a subdocument into a text, an array or a map.
bool RandomOperations::nest(const Value& at) {
  if (const auto* text = std::get_if<Text>(&at)) return nest_in_text(*text);
  if (const auto* text = std::get_if<XmlText>(&at)) return nest_in_text(*text);
  if (dice_.chance(0.3) && load(at)) return true;
  const bool type = dice_.chance(0.5);
  if (const auto* array = std::get_if<Array>(&at)) {
    begin(type ? 100 : 108);
    out_.uint(dice_.below(array->length() + 1));
  } else {
    begin(type ? 101 : 109);
    text(dice_.pick(kKeys));
  }
  if (type)
    new_type();
  else
    new_subdocument();
  return true;
}

/// Loads a subdocument in an array or a map; false where there is none.
bool RandomOperations::load(const Value& at) {
  const auto is_subdocument = [](const std::optional<Value>& value) {
    return value && std::holds_alternative<Subdocument>(*value);
  };
  if (const auto* array = std::get_if<Array>(&at)) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < array->length(); ++i)
      if (is_subdocument(array->get(i))) places.push_back(i);
    if (places.empty()) return false;
    begin(110);
    out_.uint(dice_.pick(places));
    return true;
  }
  const auto* map = std::get_if<Map>(&at);
  if (const auto* hook = std::get_if<XmlHook>(&at)) map = hook;
  if (map == nullptr) return false;
  const std::string& key = dice_.pick(kKeys);
  if (!is_subdocument(map->get(key))) return false;
  begin(111);
  text(key);
  return true;
}

bool RandomOperations::nest_in_text(const Text& at) {
  begin(102);
  out_.uint(dice_.below(at.length() + 1));
  if (dice_.chance(0.5)) {
    new_type();
  } else {
    out_.uint(dice_.below(3));  // array, map, text
    text("");
  }
  write_any(out_, dice_.chance(0.5) ? dice_.pick(kMarks) : AnyObject());
  return true;
}

}  // namespace concord::crdt
