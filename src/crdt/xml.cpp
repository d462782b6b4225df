// The handles of the XML types. A fragment's children are a list, an element's attributes a map.

#include "crdt/xml.h"

#include "crdt/engine.h"
#include "crdt/handle_calls.h"
#include "crdt/xml_string.h"

namespace concord::crdt {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

/// The next item on the right, or the left, that is not deleted, if it holds a type.
std::optional<Value> Engine::sibling(TypeRef type, bool right) {
  const ItemRef holder = store.types[type].item;
  if (holder == kNone) return std::nullopt;
  const auto step = [&](ItemRef at) { return right ? store.items[at].right : store.items[at].left; };
  ItemRef at = step(holder);
  while (at != kNone && store.items[at].deleted()) at = step(at);
  if (at == kNone || store.items[at].kind() != Kind::kType) return std::nullopt;
  return value_of_type(store.items[at].content);
}

SharedType SharedType::parent() const {
  if (!alive()) return {};
  const Store& store = engine_->store;
  const ItemRef holder = store.types[type_].item;
  return holder == kNone ? SharedType() : engine_->handle<SharedType>(store.parent_of(store.items[holder]));
}

// ---- fragments

std::size_t XmlFragment::length() const { return alive() ? engine_->store.types[type_].length : 0; }
std::optional<Value> XmlFragment::get(std::size_t index) const {
  return alive() ? engine_->list_get(type_, index) : std::nullopt;
}
std::optional<Value> XmlFragment::first_child() const { return get(0); }

std::vector<Value> XmlFragment::children() const {
  return alive() ? engine_->list_values(type_) : std::vector<Value>();
}

std::vector<Value> XmlFragment::find(const std::function<bool(const Value&)>& wanted) const {
  std::vector<Value> out;
  if (!alive()) return out;
  const Store& store = engine_->store;
  std::vector<ItemRef> next{store.types[type_].start};
  while (!next.empty()) {
    const ItemRef item = next.back();
    if (item == kNone) {
      next.pop_back();
      continue;
    }
    const Item& it = store.items[item];
    next.back() = it.right;
    if (it.deleted() || it.kind() != Kind::kType) continue;
    const TypeRef type = it.content;
    if (Value node = engine_->value_of_type(type); wanted(node)) out.push_back(std::move(node));
    const TypeKind kind = store.types[type].kind;
    if (kind == TypeKind::kXmlElement || kind == TypeKind::kXmlFragment) next.push_back(store.types[type].start);
  }
  return out;
}

std::vector<XmlElement> XmlFragment::query_selector_all(std::string_view node_name) const {
  const std::string name = upper(node_name);
  std::vector<XmlElement> out;
  for (const Value& node : find([&](const Value& value) {
         const auto* element = std::get_if<XmlElement>(&value);
         return element != nullptr && upper(element->node_name()) == name;
       }))
    out.push_back(std::get<XmlElement>(node));
  return out;
}

std::optional<XmlElement> XmlFragment::query_selector(std::string_view node_name) const {
  const auto all = query_selector_all(node_name);
  if (all.empty()) return std::nullopt;
  return all[0];
}

std::string XmlFragment::to_string() const { return alive() ? XmlString(*engine_).of_type(type_, 0) : std::string(); }
Any XmlFragment::to_json() const { return Any(to_string()); }

Result<SharedType> XmlFragment::insert_type(std::size_t index, TypeKind kind, std::string_view name) {
  CONCORD_CRDT_NESTED(SharedType, list_insert_type(type_, index, kind, name));
}
Result<SharedType> XmlFragment::insert_type_after(const SharedType& sibling, TypeKind kind, std::string_view name) {
  if (!(sibling == SharedType()) && !sibling.alive())
    return fail(Error{Code::kInvalidArgument, "the sibling was deleted", {}}.with("field", "sibling"));
  CONCORD_CRDT_NESTED(SharedType, list_insert_type_after(type_, engine_->type_of(sibling), kind, name));
}
Result<XmlElement> XmlFragment::insert_element(std::size_t index, std::string_view node_name) {
  CONCORD_CRDT_NESTED(XmlElement, list_insert_type(type_, index, TypeKind::kXmlElement, node_name));
}
Result<XmlText> XmlFragment::insert_text(std::size_t index) {
  CONCORD_CRDT_NESTED(XmlText, list_insert_type(type_, index, TypeKind::kXmlText));
}
Result<XmlHook> XmlFragment::insert_hook(std::size_t index, std::string_view hook_name) {
  CONCORD_CRDT_NESTED(XmlHook, list_insert_type(type_, index, TypeKind::kXmlHook, hook_name));
}
Result<XmlElement> XmlFragment::push_element(std::string_view node_name) { return insert_element(length(), node_name); }
Result<XmlText> XmlFragment::push_text() { return insert_text(length()); }
Result<> XmlFragment::erase(std::size_t index, std::size_t length) {
  CONCORD_CRDT_CHANGE(list_erase(type_, index, length));
}

// ---- elements

std::string XmlElement::node_name() const { return alive() ? engine_->node_name(type_) : std::string(); }
std::string Engine::node_name(TypeRef element) const {
  const TypeRecord& type = store.types[element];
  if (type.item == kNone || type.name == kNone) return "UNDEFINED";
  return std::string(store.contents.names.at(type.name));
}
std::optional<Value> XmlElement::next_sibling() const { return alive() ? engine_->sibling(type_, true) : std::nullopt; }
std::optional<Value> XmlElement::previous_sibling() const {
  return alive() ? engine_->sibling(type_, false) : std::nullopt;
}
Result<> XmlElement::set_attribute(std::string_view name, const Any& value) {
  CONCORD_CRDT_CHANGE(map_set(type_, name, value));
}
Result<> XmlElement::remove_attribute(std::string_view name) {
  CONCORD_CRDT_CHANGE(map_erase(type_, name)), Result<>();
}
std::optional<Value> XmlElement::attribute(std::string_view name) const {
  return alive() ? engine_->map_get(type_, name) : std::nullopt;
}
bool XmlElement::has_attribute(std::string_view name) const { return attribute(name).has_value(); }
std::vector<std::pair<std::string, Value>> XmlElement::attributes() const {
  return alive() ? engine_->map_values(type_) : std::vector<std::pair<std::string, Value>>();
}

// ---- texts and hooks

std::optional<Value> XmlText::next_sibling() const { return alive() ? engine_->sibling(type_, true) : std::nullopt; }
std::optional<Value> XmlText::previous_sibling() const {
  return alive() ? engine_->sibling(type_, false) : std::nullopt;
}
std::string XmlText::to_string() const { return alive() ? XmlString(*engine_).of_type(type_, 0) : std::string(); }
Any XmlText::to_json() const { return Any(to_string()); }

std::string XmlHook::hook_name() const {
  if (!alive()) return {};
  const std::uint32_t name = engine_->store.types[type_].name;
  return name == kNone ? std::string() : std::string(engine_->store.contents.names.at(name));
}

// ---- attributes of texts

Result<> Text::set_attribute(std::string_view name, const Any& value) {
  CONCORD_CRDT_CHANGE(map_set(type_, name, value));
}
Result<> Text::remove_attribute(std::string_view name) { CONCORD_CRDT_CHANGE(map_erase(type_, name)), Result<>(); }
std::optional<Value> Text::attribute(std::string_view name) const {
  return alive() ? engine_->map_get(type_, name) : std::nullopt;
}
std::vector<std::pair<std::string, Value>> Text::attributes() const {
  return alive() ? engine_->map_values(type_) : std::vector<std::pair<std::string, Value>>();
}

}  // namespace concord::crdt
