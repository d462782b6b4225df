// Doc and the handles: the outside of the engine.

#include "crdt/doc.h"

#include "crdt/engine.h"
#include "crdt/handle_calls.h"
#include "crdt/wire.h"

namespace concord::crdt {

Replica::Replica(const DocOptions& options) : options_(options) {
  own_ = store.client(options.client.value & kMaxClient).value_or(0);
  own_id_size_ = static_cast<std::uint8_t>(put_varuint(own_id_, options.client.value & kMaxClient) - own_id_);
}

Engine::Engine(const DocOptions& options) : Editor(options) {}

std::size_t Engine::heap_bytes() const {
  std::size_t bytes = sizeof(Engine) + store.heap_bytes();
  bytes += pending_.structs.heap_bytes() + pending_.deleted.heap_bytes() + drafts_.items.capacity() * sizeof(ItemRef) +
           drafts_.sections.capacity() * sizeof(DraftSection) + drafts_.parents.capacity() * sizeof(DraftParent);
  return bytes;
}

TypeRef Engine::root_of_kind(std::string_view name, TypeKind kind) {
  const TypeRef type = store.root(name);
  if (store.types[type].kind == TypeKind::kUnknown) store.types[type].kind = kind;
  return type;
}

bool Engine::alive(const SharedType& shared) const {
  const TypeRef type = shared.type_;
  if (type >= store.types.size() || store.types[type].generation != shared.generation_) return false;
  const ItemRef holder = store.types[type].item;
  return holder == kNone || !store.items[holder].deleted();
}

Result<TypeRef> Engine::writable(const SharedType& shared) const {
  if (!active_) return fail(Code::kInvalidArgument, "a shared type can only be changed inside a transaction");
  if (!alive(shared)) return fail(Code::kInvalidArgument, "the shared type was deleted");
  return shared.type_;
}

Doc::Doc(const DocOptions& options) : engine_(std::make_unique<Engine>(options)) {}
Doc::~Doc() = default;
Doc::Doc(Doc&&) noexcept = default;
Doc& Doc::operator=(Doc&&) noexcept = default;

ClientId Doc::client() const { return engine_->client(); }
Text Doc::text(std::string_view name) { return engine_->root<Text>(name, TypeKind::kText); }
Map Doc::map(std::string_view name) { return engine_->root<Map>(name, TypeKind::kMap); }
XmlFragment Doc::xml_fragment(std::string_view name) {
  return engine_->root<XmlFragment>(name, TypeKind::kXmlFragment);
}
XmlElement Doc::xml_element(std::string_view name) { return engine_->root<XmlElement>(name, TypeKind::kXmlElement); }
XmlText Doc::xml_text(std::string_view name) { return engine_->root<XmlText>(name, TypeKind::kXmlText); }
Array Doc::array(std::string_view name) { return engine_->root<Array>(name, TypeKind::kArray); }

bool Doc::begin(const Origin& origin) {
  if (engine_->in_transaction()) return false;
  engine_->begin(true, &origin);
  return true;
}
void Doc::commit(Bytes& update) { engine_->commit_local(update); }

Result<Applied> Doc::apply_update(ByteView update, const Origin& origin, UpdateFormat format) {
  return engine_->apply_update(update, &origin, format);
}
Subscription Doc::observe_transactions(TransactionObserver observer) {
  return {engine_->observers, engine_->observers->add(std::move(observer))};
}
Subscription Doc::observe_updates(UpdateObserver observer) {
  return {engine_->observers, engine_->observers->add(std::move(observer))};
}
StateVector Doc::state_vector() const { return engine_->state_vector(); }
Bytes Doc::encode_state_vector() const { return engine_->state_vector().encode(); }
Bytes Doc::encode_state_as_update(const StateVector& since, UpdateFormat format) const {
  return engine_->encode_state_as_update(since, format);
}
bool Doc::has_pending() const { return engine_->has_pending(); }
std::size_t Doc::memory_bytes() const { return engine_->heap_bytes(); }
std::string Doc::validate() const { return engine_->validate(); }

// ---- handles

bool SharedType::alive() const { return engine_ != nullptr && engine_->alive(*this); }
Value SharedType::value() const {
  const bool stands = engine_ != nullptr && type_ < engine_->store.types.size() &&
                      engine_->store.types[type_].generation == generation_;
  return stands ? engine_->value_of_type(type_) : Value(Any());
}
Subscription SharedType::observe(EventObserver observer) const {
  if (engine_ == nullptr) return {};
  return {engine_->observers, engine_->observers->add(generation_, std::move(observer))};
}
Subscription SharedType::observe_deep(DeepObserver observer) const {
  if (engine_ == nullptr) return {};
  return {engine_->observers, engine_->observers->add(generation_, std::move(observer))};
}

std::size_t Text::length() const { return alive() ? engine_->store.types[type_].length : 0; }
std::string Text::to_string() const { return alive() ? engine_->text_to_string(type_) : std::string(); }
std::vector<DeltaOp> Text::to_delta() const { return alive() ? engine_->text_to_delta(type_) : std::vector<DeltaOp>(); }

Result<> Text::insert(std::size_t index, std::string_view utf8) {
  CONCORD_CRDT_CHANGE(text_insert(type_, index, utf8, nullptr));
}
Result<> Text::insert(std::size_t index, std::string_view utf8, const Attributes& attributes) {
  CONCORD_CRDT_CHANGE(text_insert(type_, index, utf8, &attributes));
}
Result<> Text::insert_embed(std::size_t index, const Any& embed, const Attributes& attributes) {
  CONCORD_CRDT_CHANGE(text_insert_embed(type_, index, embed, attributes));
}
Result<> Text::erase(std::size_t index, std::size_t length) { CONCORD_CRDT_CHANGE(text_erase(type_, index, length)); }
Result<> Text::format(std::size_t index, std::size_t length, const Attributes& attributes) {
  CONCORD_CRDT_CHANGE(text_format(type_, index, length, attributes));
}
Result<> Text::apply_delta(std::span<const DeltaOp> delta) { CONCORD_CRDT_CHANGE(text_apply_delta(type_, delta)); }

std::size_t Array::length() const { return alive() ? engine_->store.types[type_].length : 0; }
std::optional<Value> Array::get(std::size_t index) const {
  return alive() ? engine_->list_get(type_, index) : std::nullopt;
}
Any Array::to_json() const { return alive() ? engine_->type_to_json(type_, TypeKind::kArray) : Any(AnyArray{}); }
Result<> Array::insert(std::size_t index, std::span<const Any> values) {
  CONCORD_CRDT_CHANGE(list_insert(type_, index, values));
}
Result<> Array::push(std::span<const Any> values) { CONCORD_CRDT_CHANGE(list_push(type_, values)); }
Result<> Array::erase(std::size_t index, std::size_t length) { CONCORD_CRDT_CHANGE(list_erase(type_, index, length)); }

std::size_t Map::size() const { return keys().size(); }
bool Map::contains(std::string_view key) const { return get(key).has_value(); }
std::optional<Value> Map::get(std::string_view key) const {
  return alive() ? engine_->map_get(type_, key) : std::nullopt;
}
std::vector<std::string> Map::keys() const {
  std::vector<std::string> out;
  if (!alive()) return out;
  const Store& store = engine_->store;
  for (std::uint32_t e = store.types[type_].first_entry; e != kNone; e = store.entries[e].next) {
    const ItemRef tail = store.entries[e].tail;
    if (tail != kNone && !store.items[tail].deleted()) out.emplace_back(store.contents.names.at(store.entries[e].key));
  }
  return out;
}
Any Map::to_json() const { return alive() ? engine_->type_to_json(type_, TypeKind::kMap) : Any(AnyObject{}); }
Result<> Map::set(std::string_view key, const Any& value) { CONCORD_CRDT_CHANGE(map_set(type_, key, value)); }
Result<> Map::erase(std::string_view key) { CONCORD_CRDT_CHANGE(map_erase(type_, key)), Result<>(); }

Result<Text> Array::insert_text(std::size_t index) {
  CONCORD_CRDT_NESTED(Text, list_insert_type(type_, index, TypeKind::kText));
}
Result<Map> Array::insert_map(std::size_t index) {
  CONCORD_CRDT_NESTED(Map, list_insert_type(type_, index, TypeKind::kMap));
}
Result<Array> Array::insert_array(std::size_t index) {
  CONCORD_CRDT_NESTED(Array, list_insert_type(type_, index, TypeKind::kArray));
}
Result<Text> Map::set_text(std::string_view key) {
  CONCORD_CRDT_NESTED(Text, map_set_type(type_, key, TypeKind::kText));
}
Result<Map> Map::set_map(std::string_view key) { CONCORD_CRDT_NESTED(Map, map_set_type(type_, key, TypeKind::kMap)); }
Result<Array> Map::set_array(std::string_view key) {
  CONCORD_CRDT_NESTED(Array, map_set_type(type_, key, TypeKind::kArray));
}

Result<SharedType> Array::insert_type(std::size_t index, TypeKind kind, std::string_view name) {
  CONCORD_CRDT_NESTED(SharedType, list_insert_type(type_, index, kind, name));
}
Result<SharedType> Map::set_type(std::string_view key, TypeKind kind, std::string_view name) {
  CONCORD_CRDT_NESTED(SharedType, map_set_type(type_, key, kind, name));
}
Result<SharedType> Text::insert_embed_type(std::size_t index, TypeKind kind, std::string_view name,
                                           const Attributes& attributes) {
  CONCORD_CRDT_NESTED(SharedType, text_insert_embed_type(type_, index, kind, name, attributes));
}

}  // namespace concord::crdt
